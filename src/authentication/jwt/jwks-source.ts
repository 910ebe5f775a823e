import { createLocalJWKSet } from "jose";
import type { Log } from "../../log.js";
import { type CancellableWait, waitForFetch } from "../cancellable-wait.js";
import { TokenRejectedError } from "../token-rejected-error.js";
import type { FetchedKeySet, KeySetReader } from "./fetched-key-set.js";
import type { AsymmetricAlgorithm } from "./jwt-algorithms.js";
import type { JwtReason } from "./jwt-reasons.js";
import { type PublishedKey, selectKeys } from "./key-set.js";
import type { KeySource } from "./key-source.js";

export interface JwksSourceOptions {
  readonly issuer: string;
  /** Keys that fit none of these are left out. */
  readonly algorithms: readonly AsymmetricAlgorithm[];
  readonly log: Log;
  /** Called when keys that were in use have been replaced by others. */
  readonly onChange: () => void;
}

/** The keys of a fetched key set that can verify one issuer's tokens. */
export class JwksSource implements KeySource, KeySetReader {
  readonly #keySet: FetchedKeySet;
  readonly #options: JwksSourceOptions;
  #text: string | undefined;
  #find: ReturnType<typeof createLocalJWKSet> | undefined;
  #version = 0;
  #isRetired = false;

  constructor(keySet: FetchedKeySet, options: JwksSourceOptions) {
    this.#keySet = keySet;
    this.#options = options;
    keySet.addReader(this);
  }

  get issuer(): string {
    return this.#options.issuer;
  }

  get version(): number {
    return this.#version;
  }

  get isFailing(): boolean {
    return this.#keySet.outcomes.isFailing;
  }

  accept(published: readonly PublishedKey[]): void {
    const { issuer, algorithms, log, onChange } = this.#options;
    const { keys, secretCount } = selectKeys(published, algorithms);
    const text = JSON.stringify(keys);
    if (text === this.#text) {
      return;
    }
    const isFirst = this.#text === undefined;
    this.#text = text;
    this.#find = createLocalJWKSet({ keys: [...keys] });
    this.#version += 1;
    if (this.#isRetired) {
      return;
    }
    if (keys.length === 0) {
      log.warn({ issuer, algorithms }, "the issuer publishes no key for its algorithms");
    }
    if (secretCount > 0) {
      log.warn({ issuer }, "the issuer publishes a private or symmetric key, which is not used");
    }
    if (!isFirst) {
      onChange();
    }
  }

  async load(): Promise<void> {
    // Inherited keys are no proof that the key set can be fetched as it is configured now.
    if (this.#keySet.outcomes.successCount === 0) {
      await this.#keySet.fetch();
    }
  }

  keepFresh(): void {
    this.#keySet.keepFresh();
  }

  isStale(): boolean {
    return this.#keySet.isStale;
  }

  findKey: KeySource["findKey"] = async (header, wait) => {
    if (this.isStale() || !this.#keySet.hasKeys) {
      await waitForFetch(this.#keySet.fetch(), wait);
    }
    this.keepFresh();
    if (this.#find === undefined) {
      throw new TokenRejectedError<JwtReason>("keys_unavailable", false);
    }
    return this.#find(header);
  };

  async *findNewer(version: number, wait?: CancellableWait): AsyncGenerator<void, void> {
    let seen = version;
    if (seen !== this.#version) {
      seen = this.#version;
      yield;
    }
    for await (const _ of this.#keySet.fetchFor(wait)) {
      if (seen !== this.#version) {
        seen = this.#version;
        yield;
      }
    }
  }

  /** Accepts the keys of a fetch in progress, in silence, and no others. */
  retire(): void {
    this.#isRetired = true;
    this.#keySet.removeReader(this);
  }
}
