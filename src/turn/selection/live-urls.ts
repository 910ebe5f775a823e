import type { IceUrl } from "../../ice/ice-url.js";

/**
 * Finds whether the server of a URL can be used at the moment. Asked about each URL of a region at
 * each call: it must be quick.
 *
 * @param key as {@link findUrlKey} makes it
 */
export type IsUp = (key: string) => boolean;

/**
 * Makes the key under which the state of a URL is kept. Managed providers can list the same servers, such as two
 * accounts at one company: a server may take the credential of one and reject that of the other.
 *
 * @param managed the name of the managed provider that lists it; undefined for the operator's own
 */
export function findUrlKey({ text }: IceUrl, managed: string | undefined): string {
  return managed === undefined ? text : `${text} of ${managed}`;
}

/** Those of some URLs whose servers are up. */
export class LiveUrls {
  /** Those that were given. */
  readonly all: readonly IceUrl[];
  readonly #isUp: IsUp | undefined;
  readonly #keys: readonly string[];
  readonly #wasUp: boolean[];
  #live: readonly IceUrl[];

  /**
   * @param isUp undefined where nobody watches: all are up then
   * @param managed the name of the managed provider that lists them; undefined for the operator's own
   */
  constructor(urls: readonly IceUrl[], isUp: IsUp | undefined, managed?: string) {
    this.all = urls;
    this.#isUp = isUp;
    this.#keys = urls.map((url) => findUrlKey(url, managed));
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
    for (const [index, key] of this.#keys.entries()) {
      const state = isUp(key);
      hasChanged ||= state !== this.#wasUp[index];
      this.#wasUp[index] = state;
    }
    if (hasChanged) {
      this.#live = this.all.filter((_, index) => this.#wasUp[index]);
    }
    return this.#live;
  }
}
