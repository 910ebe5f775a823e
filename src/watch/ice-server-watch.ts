import type { Caller } from "../authentication/caller.js";
import type { CancellableWait } from "../authentication/cancellable-wait.js";
import { digestToken, type TokenVerifier } from "../authentication/token-verifier.js";
import { findHolder, type NamedUser } from "../authentication/users-right.js";
import type { Clock } from "../clock.js";
import type { FindRegion, RequestOrigin } from "../geolocation/region-finder.js";
import { placeRequest, type UnplacedRequest } from "../geolocation/request-placement.js";
import type { CredentialLife, IceServerList } from "../ice/ice-server-list.js";
import type { LimitsConfig } from "../limits/limits-config.js";
import type { SelectRequest } from "../observability/request-selection.js";
import type { IceServerLister } from "../turn/ice-server-lister.js";
import type { AgeList } from "./aged-list.js";
import type { TokenVerifications } from "./token-verifications.js";
import type { WatchConfig } from "./watch-config.js";

/** What a watch takes from the configuration, as it is at that moment. */
export interface WatchSnapshot {
  readonly verifier: TokenVerifier;
  readonly lister: IceServerLister;
  readonly findRegion: FindRegion | undefined;
  /** Which watches are logged as they begin; absent where all are. */
  readonly selectRequest?: SelectRequest | undefined;
  readonly config: {
    readonly limits: Pick<LimitsConfig, "watches" | "watchesPerCaller">;
    readonly ice: { readonly watch?: WatchConfig };
  };
}

export interface WatchOptions {
  readonly clock: Clock;
  /** A number from 0 to 1, as Math.random makes it. */
  readonly random: () => number;
  readonly readSnapshot: () => WatchSnapshot;
}

/** What is watched, on whose behalf. */
export interface WatchOrder {
  /** Verified anew before each list. */
  readonly token: string;
  readonly request: UnplacedRequest & NamedUser;
  /** Where the request comes from. Its region is found anew for each list, if it names none. */
  readonly headers: Pick<Headers, "get">;
  readonly origin: RequestOrigin;
  /** Its signal ends a wait for the issuer's keys; it is read only if there is one. */
  readonly wait: CancellableWait;
}

/** Who is given the lists. */
export interface ListReceiver {
  put(list: IceServerList): void;
  /** Ends the watch. */
  fail(error: unknown): void;
}

interface SentList {
  readonly list: IceServerList;
  readonly version: string;
  /** When it was made, in Unix milliseconds. */
  readonly madeAtMs: number;
}

/** A list is replaced when this part of its life has passed, or earlier by up to the jitter. */
const refreshShare = 0.75;
const jitterShare = 0.1;
/** A list is repeated earlier than asked for by up to this part, so that watches do not repeat in step. */
const repeatJitterShare = 0.25;

/** One watch: decides what its reader is given, and when. All times are Unix milliseconds. */
export class IceServerWatch {
  readonly #order: WatchOrder;
  readonly #options: WatchOptions;
  readonly #verifications: TokenVerifications;
  readonly #receiver: ListReceiver;
  readonly #digest: string;
  readonly #repeatShare: number;
  #last: SentList | undefined;
  #sentAtMs = 0;
  #refreshAtMs = 0;
  #tokenEndsAtMs = Number.POSITIVE_INFINITY;
  /** Counts the renewals: while one waits for keys, another may overtake it. */
  #renewals = 0;

  constructor(
    order: WatchOrder,
    options: WatchOptions,
    verifications: TokenVerifications,
    receiver: ListReceiver,
  ) {
    this.#order = order;
    this.#options = options;
    this.#verifications = verifications;
    this.#receiver = receiver;
    this.#digest = digestToken(order.token);
    this.#repeatShare = 1 - repeatJitterShare * options.random();
  }

  /** When {@link renew} is to be called though nothing has changed. */
  get renewalAtMs(): number {
    return Math.min(this.#refreshAtMs, this.#tokenEndsAtMs);
  }

  /** When {@link repeat} is to be called, if lists are repeated at this interval. */
  findRepeatMs(intervalMs: number): number {
    return this.#last === undefined
      ? Number.POSITIVE_INFINITY
      : this.#sentAtMs + intervalMs * this.#repeatShare;
  }

  /**
   * Hands on the last list again with what is left of its life. Nothing is verified or signed, and
   * refreshes stay when they were. Does nothing before the first list, and when its life is over.
   */
  repeat(nowMs: number, age: AgeList): void {
    const list = this.#last && age(this.#last.list, nowMs);
    if (list !== undefined) {
      this.#sentAtMs = nowMs;
      this.#receiver.put(list);
    }
  }

  /**
   * Verifies the token by the present configuration and hands on a list, if it is the first, if the
   * last one has grown old, or if its reader would now get another. Ends the watch when the token
   * counts no more or may not name the user any more, or the request has become wrong. Never rejects;
   * the promise is for the renewals that wait for keys or for a provider.
   */
  renew(): Promise<void> | undefined {
    this.#renewals += 1;
    const renewal = this.#renewals;
    const { token, wait } = this.#order;
    try {
      const snapshot = this.#options.readSnapshot();
      const verified = this.#verifications.verify(snapshot.verifier, token, wait, this.#digest);
      const pending =
        verified instanceof Promise
          ? verified.then((caller) => this.#update(renewal, snapshot, caller))
          : this.#update(renewal, snapshot, verified);
      return pending?.catch((error) => this.#fail(renewal, error));
    } catch (error) {
      this.#fail(renewal, error);
      return undefined;
    }
  }

  #update(
    renewal: number,
    { lister, findRegion }: WatchSnapshot,
    caller: Caller,
  ): Promise<void> | undefined {
    if (renewal !== this.#renewals) {
      return undefined;
    }
    this.#tokenEndsAtMs = (caller.endsAtSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    const { headers, origin, request: sent } = this.#order;
    const holder = findHolder(caller, sent);
    const request = placeRequest(sent, findRegion, headers, origin);
    const nowMs = this.#options.clock();
    const version = lister.findVersion(holder, request);
    if (this.#isCurrent(version, nowMs)) {
      return undefined;
    }
    const made = lister.list(holder, request, nowMs);
    if (made instanceof Promise) {
      return made.then((list) => {
        if (renewal === this.#renewals) {
          // What the list has waited for is another version.
          const lateVersion = lister.findVersion(holder, request);
          this.#handOn({ list, version: lateVersion, madeAtMs: this.#options.clock() });
        }
      });
    }
    this.#handOn({ list: made, version, madeAtMs: nowMs });
    return undefined;
  }

  #fail(renewal: number, error: unknown): void {
    if (renewal === this.#renewals) {
      this.#receiver.fail(error);
    }
  }

  /** Whether the reader would get the same, and has no need of a fresh credential. */
  #isCurrent(version: string, nowMs: number): boolean {
    const last = this.#last;
    // Made in the future: the clock was set back, so the time to refresh is wrong.
    return last?.version === version && nowMs < this.#refreshAtMs && nowMs >= last.madeAtMs;
  }

  #handOn(next: SentList): void {
    const { list, madeAtMs } = next;
    if (isSame(next, this.#last)) {
      // Its life ends with the token's: asking again would make it no longer.
      this.#refreshAtMs = Number.POSITIVE_INFINITY;
      return;
    }
    this.#refreshAtMs = this.#findRefresh(list.credentialLife);
    this.#last = next;
    this.#sentAtMs = madeAtMs;
    this.#receiver.put(list);
  }

  /** Counted back from the expiry, which is in whole seconds: never later than the life allows. */
  #findRefresh(life: CredentialLife | undefined): number {
    if (life === undefined) {
      return Number.POSITIVE_INFINITY;
    }
    const leftShare = 1 - refreshShare + jitterShare * this.#options.random();
    return (life.expiresAtSeconds - life.ttlSeconds * leftShare) * 1000;
  }
}

/** Whether two lists have the same servers, and credentials of the same life. */
function isSame(next: SentList, last: SentList | undefined): boolean {
  return (
    next.version === last?.version &&
    next.list.credentialLife?.expiresAtSeconds === last.list.credentialLife?.expiresAtSeconds
  );
}
