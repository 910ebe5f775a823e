import type { IceUrl } from "../../ice/ice-url.js";

/**
 * Finds whether the server of a URL, as it is served, can be used at the moment. Asked about each
 * URL of a region at each call: it must be quick.
 */
export type IsUp = (url: string) => boolean;

/** Those of some URLs whose servers are up. */
export class LiveUrls {
  /** Those that were given. */
  readonly all: readonly IceUrl[];
  readonly #isUp: IsUp | undefined;
  readonly #wasUp: boolean[];
  #live: readonly IceUrl[];

  /** @param isUp undefined where nobody watches: all are up then */
  constructor(urls: readonly IceUrl[], isUp: IsUp | undefined) {
    this.all = urls;
    this.#isUp = isUp;
    this.#wasUp = urls.map(() => true);
    this.#live = urls;
  }

  /** In order; the same array for as long as nothing changes, so that what was made of it can be kept. */
  read(): readonly IceUrl[] {
    const isUp = this.#isUp;
    if (isUp === undefined) {
      return this.all;
    }
    let hasChanged = false;
    for (const [index, { text }] of this.all.entries()) {
      const state = isUp(text);
      hasChanged ||= state !== this.#wasUp[index];
      this.#wasUp[index] = state;
    }
    if (hasChanged) {
      this.#live = this.all.filter((_, index) => this.#wasUp[index]);
    }
    return this.#live;
  }
}
