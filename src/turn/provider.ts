import type { IceUrl } from "../ice/ice-url.js";
import type { Holder } from "./holder.js";

/** What a client gives to a TURN server (RFC 8489 section 9.2). */
export interface TurnCredential {
  readonly username: string;
  readonly credential: string;
}

/** URLs that share a credential: one TURN entry of an answer. */
export interface TurnEntry extends TurnCredential {
  /** Some of the provider's URLs, in its order; at least one. */
  readonly urls: readonly IceUrl[];
  /** When the credential expires, in Unix seconds, if that is later than the grant says. */
  readonly expiresAtSeconds?: number;
}

/** What a provider gives to a holder. */
export interface TurnGrant {
  /** Together they have all URLs of the provider, each once. */
  readonly entries: readonly [TurnEntry, ...TurnEntry[]];
  /** When the first of the credentials expires, in Unix seconds: as asked for, or earlier. */
  readonly expiresAtSeconds: number;
}

/**
 * Where TURN servers and their credentials come from. What is built on it (regions, failover, URL
 * budgets, probes, lists, watches) does not know which kind it is.
 */
export interface TurnProvider {
  /** In order of preference. The same array until one of them changes, so that plans can be kept. */
  readonly urls: readonly IceUrl[];
  /**
   * Another text whenever a holder would now get something else for the same expiry: other URLs, or
   * another credential. Time alone does not change it. Providers with equal settings have equal
   * versions, also after a reload.
   */
  readonly version: string;
  /**
   * Gives a holder credentials for all URLs. Returns the same object for the same
   * credentials, so that callers can reuse what they computed from it.
   *
   * A provider that has what is needed answers at once: a promise in each call would cost all callers.
   * One that must ask a service answers with a promise while it has nothing, and bounds that wait.
   *
   * @param expiresAtSeconds when the credentials are to expire, Unix time in whole seconds
   * @returns undefined when there is nothing to give: the answer then has no TURN server
   */
  issue(
    holder: Holder,
    expiresAtSeconds: number,
  ): TurnGrant | undefined | Promise<TurnGrant | undefined>;
  /** What probes can try the URLs with. The first one is what holders are given. */
  readonly probeAccounts: readonly ProbeAccount[];
}

/** Something that the servers accept credentials for, such as one of several secrets. */
export interface ProbeAccount {
  /** What it is, as its author named it in the configuration: a file, or a variable. */
  readonly label: string;
  /**
   * The name in the credentials of all holders; absent where each holder has its own. With it, a probe
   * that is answered 486 (Allocation Quota Reached) says that holders get no relay either. A provider
   * that chooses the names itself has one.
   */
  readonly sharedName?: string;
  /** Whether a probe can choose when the credentials expire, which shows whether clocks differ. */
  readonly canChooseExpiry: boolean;
  /**
   * @param name for quotas by name: probes and holders do not use up each other's
   * @param expiresAtSeconds Unix time in whole seconds
   * @param url the one to try
   */
  issue(
    name: string,
    expiresAtSeconds: number,
    url: IceUrl,
  ): TurnCredential | Promise<TurnCredential>;
}
