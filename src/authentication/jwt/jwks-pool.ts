import type { OutgoingHttp } from "../../outgoing/outgoing-http.js";
import type { ProofSource } from "../token-kind.js";
import { FetchedKeySet, type FetchSurroundings } from "./fetched-key-set.js";
import { fetchKeySetText, type KeySetLocation } from "./jwks-fetch.js";
import { JwksSource, type JwksSourceOptions } from "./jwks-source.js";
import type { KeySource } from "./key-source.js";

/** What identifies a source. */
export interface JwksIdentity extends Pick<JwksSourceOptions, "issuer" | "algorithms"> {
  readonly location: KeySetLocation;
}

export interface JwksPoolOptions extends FetchSurroundings, Pick<JwksSourceOptions, "onChange"> {
  readonly outgoing: OutgoingHttp;
  /** For one fetch, in milliseconds; 5000 by default. */
  readonly timeoutMs?: number;
}

/** The state of the fetches for one issuer. */
export interface JwksStatus {
  readonly issuer: string;
  /** When keys were last loaded, in Unix milliseconds; undefined before the first time. */
  readonly loadedAtMs: number | undefined;
  readonly successCount: number;
  readonly failureCount: number;
}

/**
 * The key sets that are fetched from URLs, one for each URL. They outlive a change of the configuration,
 * so that the last good keys are not lost while a URL is down. One that is to be fetched in another way
 * begins with the keys at hand.
 */
export class JwksPool {
  readonly #options: JwksPoolOptions;
  readonly #keySets = new Map<string, FetchedKeySet>();
  readonly #sources = new Map<string, JwksSource>();

  constructor(options: JwksPoolOptions) {
    this.#options = options;
  }

  open({ issuer, location, algorithms }: JwksIdentity): KeySource {
    const id = JSON.stringify([issuer, location, algorithms]);
    const { log, onChange } = this.#options;
    const source =
      this.#sources.get(id) ??
      new JwksSource(this.#openKeySet(location), { issuer, algorithms, log, onChange });
    this.#sources.set(id, source);
    return source;
  }

  /** The state of the fetches for each issuer. */
  get statuses(): JwksStatus[] {
    return [...this.#keySets.values()].flatMap((keySet) => {
      const { loadedAtMs, successCount, failureCount } = keySet.outcomes;
      return keySet.issuers.map((issuer) => ({ issuer, loadedAtMs, successCount, failureCount }));
    });
  }

  /** Retires all other sources: calls may still wait for what they fetch. */
  keep(used: ReadonlySet<ProofSource>): void {
    for (const [id, source] of this.#sources) {
      if (!used.has(source)) {
        source.retire();
        this.#sources.delete(id);
      }
    }
    for (const [id, keySet] of this.#keySets) {
      if (!keySet.isRead) {
        keySet.retire();
        this.#keySets.delete(id);
      }
    }
  }

  #openKeySet(location: KeySetLocation): FetchedKeySet {
    const { outgoing, timeoutMs = 5000, ...surroundings } = this.#options;
    const id = JSON.stringify(location);
    const known = this.#keySets.get(id);
    if (known !== undefined) {
      return known;
    }
    const keySet = new FetchedKeySet(
      (closed) => fetchKeySetText(outgoing, location, timeoutMs, closed),
      location,
      surroundings,
    );
    const before = [...this.#keySets.values()].find((other) => mayInherit(location, other));
    if (before !== undefined) {
      keySet.inherit(before);
    }
    this.#keySets.set(id, keySet);
    return keySet;
  }
}

/** Whether the keys are those of the same URL. Keys that came without TLS need a configuration that allows it. */
function mayInherit(
  location: KeySetLocation,
  { location: before, hasKeys }: FetchedKeySet,
): boolean {
  return (
    hasKeys &&
    before.url.href === location.url.href &&
    before.discoveredIssuer === location.discoveredIssuer &&
    (location.allowInsecureUrl || !before.allowInsecureUrl)
  );
}
