import type { ProofSource } from "../token-kind.js";
import {
  createJwksSource,
  type JwksSource,
  type JwksSourceOptions,
  type JwksStatus,
} from "./jwks-source.js";
import type { KeySource } from "./key-source.js";

/** What tells one JWKS from another. */
export type JwksIdentity = Pick<JwksSourceOptions, "issuer" | "url" | "algorithms">;

/**
 * The JWKS URLs that are in use. Each keeps its keys over a change of the configuration: while its
 * URL is down, the last good ones must not be lost.
 */
export class JwksPool {
  readonly #options: Omit<JwksSourceOptions, keyof JwksIdentity>;
  readonly #sources = new Map<string, JwksSource>();

  constructor(options: Omit<JwksSourceOptions, keyof JwksIdentity>) {
    this.#options = options;
  }

  open(identity: JwksIdentity): KeySource {
    const id = JSON.stringify([identity.issuer, identity.url.href, identity.algorithms]);
    const source = this.#sources.get(id) ?? createJwksSource({ ...this.#options, ...identity });
    this.#sources.set(id, source);
    return source;
  }

  /** How the loads of each have gone. */
  get statuses(): JwksStatus[] {
    return [...this.#sources.values()].map(({ status }) => status);
  }

  /** Closes all sources but these. */
  keep(used: ReadonlySet<ProofSource>): void {
    for (const [id, source] of this.#sources) {
      if (!used.has(source)) {
        source.close();
        this.#sources.delete(id);
      }
    }
  }
}
