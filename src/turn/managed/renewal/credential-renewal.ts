import { type Clock, hasPassed, type StartTimer } from "../../../clock.js";
import type { Log } from "../../../log.js";
import type { OutgoingHttp } from "../../../outgoing/outgoing-http.js";
import type { ManagedCredential } from "../managed-credential.js";
import { ManagedError, type ManagedFailure } from "../managed-error.js";
import type { ManagedService } from "../managed-service.js";
import type { DatedCredential, ManagedState } from "../managed-states.js";
import { RequestLimit, requestCredential } from "./credential-request.js";
import type { RenewalCounts } from "./renewal-counts.js";

export interface RenewalOptions {
  readonly outgoing: Pick<OutgoingHttp, "send">;
  readonly clock: Clock;
  readonly startTimer: StartTimer;
  /** A number from 0 to 1, as Math.random makes it. */
  readonly random: () => number;
  readonly log: Log & { error(fields: object, message: string): void };
  readonly counts: RenewalCounts;
  /**
   * Whether all servers of the provider with this name reject its credential, which may have been
   * revoked. Asked at each look: another credential is requested then, a minute after the last one.
   */
  readonly isRejected: (provider: string) => boolean;
  /** Called whenever the state has changed. */
  readonly onChange: () => void;
}

/** A credential is renewed when this part of its life has passed, or earlier by up to the jitter. */
const renewalShare = 0.5;
const jitterShare = 0.05;
/** It is not handed out in this last part of its life: a call must be able to begin with it. */
const lastShare = 0.2;
const mostLastSeconds = 30;
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;
/** A request is repeated earlier by up to this part, so that instances do not ask in step. */
const backoffJitterShare = 0.25;
/** Services that want to be left alone for longer are asked after a day nevertheless. */
const longestRetryAfterMs = 86_400_000;
/** The clock is looked at so often at least: machines sleep, clocks are set, and timers do not know. */
const longestLookMs = 30_000;

/** Keeps a credential of one service, from now on until it is ended: one request at a time. */
export class CredentialRenewal {
  #service: ManagedService;
  readonly #options: RenewalOptions;
  readonly #limit: RequestLimit;
  readonly #ended = new AbortController();
  #credential: DatedCredential | undefined;
  #isPending = true;
  /** In a row. */
  #failures = 0;
  /** What was logged last, while requests fail. */
  #lastFailure: string | undefined;
  /** When the last request began or, if it failed, ended, in Unix milliseconds. */
  #sinceMs = 0;
  /** From then on until the next one. */
  #waitMs = 0;

  /** Asks for the first credential at once. */
  constructor(service: ManagedService, options: RenewalOptions) {
    this.#service = service;
    this.#options = options;
    this.#limit = new RequestLimit(service.maxPerHour);
    void this.#keepRenewing();
  }

  get service(): ManagedService {
    return this.#service;
  }

  /**
   * Goes on with this description of the same service, from the next request on.
   * @param service of the same identity
   */
  follow(service: ManagedService): void {
    this.#service = service;
    this.#limit.maxPerHour = service.maxPerHour;
  }

  get state(): ManagedState {
    const { identity } = this.service;
    const credential = this.#credential;
    return { identity, isPending: this.#isPending, ...(credential && { credential }) };
  }

  /** Gives up a request that is under way; nothing follows. */
  end(): void {
    this.#ended.abort();
  }

  async #keepRenewing(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await this.#renew(signal);
      while (!signal.aborted && this.#findWaitMs() > 0) {
        await this.#look();
      }
    }
  }

  /** Waits until there is something to do, at the longest for a while. */
  async #look(): Promise<void> {
    const { startTimer, clock } = this.#options;
    const usableUntilMs = (this.#credential?.usableUntilSeconds ?? 0) * 1000;
    const leftMs = usableUntilMs > clock() ? usableUntilMs - clock() : longestLookMs;
    const waitMs = Math.min(this.#findWaitMs(), leftMs, longestLookMs);
    await new Promise<void>((resolve) => startTimer(resolve, waitMs));
    if (this.#credential !== undefined && usableUntilMs <= clock() && !this.#ended.signal.aborted) {
      this.#credential = undefined;
      const { log, onChange } = this.#options;
      log.error(this.#fields, "a managed TURN credential has expired and could not be renewed");
      onChange();
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { outgoing, clock, counts, onChange } = this.#options;
    const startedAtMs = clock();
    this.#limit.add(startedAtMs);
    try {
      const given = await requestCredential(this.service, outgoing, clock, signal);
      this.#accept(given, startedAtMs);
      counts.add(this.service.name, undefined);
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      counts.add(this.service.name, this.#accountFor(error));
    }
    this.#isPending = false;
    onChange();
  }

  #accept({ entries, ttlSeconds }: ManagedCredential, startedAtMs: number): void {
    const { random, log } = this.#options;
    const expiresAtSeconds = Math.floor(startedAtMs / 1000) + ttlSeconds;
    const lastSeconds = Math.min(mostLastSeconds, Math.floor(ttlSeconds * lastShare));
    const usableUntilSeconds = expiresAtSeconds - lastSeconds;
    this.#credential = { entries, expiresAtSeconds, usableUntilSeconds };
    this.#sinceMs = startedAtMs;
    const renewalMs = ttlSeconds * 1000 * (renewalShare - jitterShare * random());
    this.#waitMs = Math.max(firstRetryMs, renewalMs);
    if (this.#lastFailure !== undefined) {
      this.#lastFailure = undefined;
      this.#failures = 0;
      log.info(this.#fields, "a managed TURN provider gives credentials again");
    }
  }

  #accountFor(thrown: unknown): ManagedFailure {
    const { clock, random, log } = this.#options;
    const error =
      thrown instanceof ManagedError ? thrown : new ManagedError("malformed", "unexpected error");
    const backoffMs = Math.min(longestRetryMs, firstRetryMs * 2 ** this.#failures);
    const retryAfterMs = Math.min(longestRetryAfterMs, (error.retryAfterSeconds ?? 0) * 1000);
    this.#failures += 1;
    this.#sinceMs = clock();
    this.#waitMs = Math.max(retryAfterMs, backoffMs * (1 - backoffJitterShare * random()));
    if (error.message !== this.#lastFailure) {
      this.#lastFailure = error.message;
      log.warn(
        { ...this.#fields, failure: error.failure, problem: error.message },
        this.#credential === undefined
          ? "a managed TURN provider gives no credential: it is not used"
          : "a managed TURN provider gives no new credential: the last one stays in use while it lasts",
      );
    }
    return error.failure;
  }

  get #fields() {
    return { provider: this.service.name };
  }

  #findWaitMs(): number {
    const { clock, isRejected } = this.#options;
    const nowMs = clock();
    const isUseless = this.#lastFailure === undefined && isRejected(this.service.name);
    const waitMs = isUseless ? Math.min(this.#waitMs, longestRetryMs) : this.#waitMs;
    const leftMs = hasPassed(waitMs, this.#sinceMs, nowMs) ? 0 : this.#sinceMs + waitMs - nowMs;
    return Math.max(leftMs, this.#limit.findWaitMs(nowMs));
  }
}
