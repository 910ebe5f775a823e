import type { Clock, StartTimer } from "../../clock.js";
import type { ManagedPart, ManagedReason } from "../../ice/ice-server-list.js";
import type { IceUrl } from "../../ice/ice-url.js";
import type { Log } from "../../log.js";
import type { ManagedSettings } from "../ice-server-settings.js";
import { type IsUp, LiveUrls } from "../selection/live-urls.js";
import { ManagedProvider } from "./managed-provider.js";
import type { ManagedStates } from "./managed-states.js";

export interface ManagedChoiceOptions {
  readonly states: ManagedStates;
  readonly clock: Clock;
  readonly startTimer: StartTimer;
  readonly log: Log;
  /** Undefined where nobody watches the servers: all are up then. */
  readonly isUp: IsUp | undefined;
}

/** What lists are to have of managed providers at the moment. */
export interface ChosenManaged extends ManagedPart {
  /** Undefined when no provider can be used. */
  readonly issuer: ManagedProvider | undefined;
  /** The same array for as long as nothing changes; empty without a provider. */
  readonly urls: readonly IceUrl[];
  /** False also where they are handed out only because nothing else is up. */
  readonly isUp: boolean;
}

/** The operator's own TURN servers, as far as a list would have them. */
export interface OwnServers {
  readonly exist: boolean;
  readonly isUp: boolean;
}

interface Candidate {
  readonly provider: ManagedProvider;
  live: LiveUrls;
}

const noUrls: readonly IceUrl[] = [];

/** Decides which managed provider is used at the moment, and whether a call waits for one. */
export class ManagedChoice {
  readonly #options: ManagedChoiceOptions;
  readonly #use: ManagedSettings["use"];
  readonly #candidates: readonly Candidate[];
  #waiting: Promise<void> | undefined;
  /** The revision of the states when a wait timed out: nobody waits again before the next revision. */
  #gaveUpAtRevision: number | undefined;
  #isMissing = false;

  constructor({ services, use }: ManagedSettings, options: ManagedChoiceOptions) {
    const { states, clock, isUp } = options;
    this.#options = options;
    this.#use = use;
    this.#candidates = services.map((service) => ({
      provider: new ManagedProvider(service, states, clock),
      live: new LiveUrls(noUrls, isUp),
    }));
  }

  /**
   * Chooses the first provider in order of preference that has a credential and a server that is up;
   * when nothing is up, own or managed, the first that has a credential.
   *
   * @returns undefined where a list is to have none
   */
  choose(own: OwnServers): ChosenManaged | undefined {
    const reason = this.#findReason(own);
    if (reason === undefined) {
      return undefined;
    }
    const live = this.#findLive();
    if (live !== undefined) {
      return this.#describe(reason, live.provider, live.live.read(), true);
    }
    const any = own.isUp ? undefined : this.#candidates.find(({ live: { all } }) => all.length > 0);
    return this.#describe(reason, any?.provider, any?.live.all ?? noUrls, false);
  }

  /**
   * What a call is to wait for before {@link choose}: the first credential, as none is there yet.
   * @returns undefined when there is no need to wait, or no hope
   */
  findWait(own: OwnServers): Promise<void> | undefined {
    if (this.#findReason(own) === undefined || !this.#isWorthAWait()) {
      return undefined;
    }
    this.#waiting ??= this.#wait();
    return this.#waiting;
  }

  #findReason({ exist, isUp }: OwnServers): ManagedReason | undefined {
    if (!exist) {
      return "only";
    }
    if (!isUp) {
      return "fallback";
    }
    return this.#use === "always" ? "always" : undefined;
  }

  #findLive(): Candidate | undefined {
    for (const candidate of this.#candidates) {
      const { urls } = candidate.provider;
      if (urls !== candidate.live.all) {
        candidate.live = new LiveUrls(urls, this.#options.isUp, candidate.provider.name);
      }
    }
    return this.#candidates.find(({ live }) => live.read().length > 0);
  }

  #isWorthAWait(): boolean {
    return (
      this.#gaveUpAtRevision !== this.#options.states.revision &&
      this.#candidates.some(({ provider }) => provider.isPending) &&
      this.#findLive() === undefined
    );
  }

  /** Everybody waits for the same, so the last to come wait the shortest. */
  async #wait(): Promise<void> {
    const { states, startTimer } = this.#options;
    const pending = this.#candidates.filter(({ provider }) => provider.isPending);
    const timeoutMs = Math.max(...pending.map(({ provider }) => provider.timeoutMs));
    let isOver = false;
    const end = new Promise<void>((resolve) => {
      startTimer(() => {
        isOver = true;
        resolve();
      }, timeoutMs);
    });
    while (!isOver && this.#isWorthAWait()) {
      await Promise.race([states.next, end]);
    }
    if (isOver) {
      this.#gaveUpAtRevision = states.revision;
    }
    this.#waiting = undefined;
  }

  #describe(
    reason: ManagedReason,
    issuer: ManagedProvider | undefined,
    urls: readonly IceUrl[],
    isUp: boolean,
  ): ChosenManaged {
    const isMissing = issuer === undefined && !this.#isWorthAWait();
    if (isMissing !== this.#isMissing) {
      this.#isMissing = isMissing;
      this.#logMissing(reason);
    }
    return { reason, provider: issuer?.name, issuer, urls, isUp };
  }

  #logMissing(reason: ManagedReason): void {
    const { log } = this.#options;
    const fields = { reason, providers: this.#candidates.map(({ provider }) => provider.name) };
    if (this.#isMissing) {
      log.warn(
        fields,
        "responses lack managed TURN: no provider has a credential and a live server",
      );
    } else {
      log.info(fields, "responses have managed TURN again");
    }
  }
}
