/** How many bytes a digest has: those of SHA-256. */
export const digestBytes = 32;
/** As many as a number can hold, nearly always tell two digests apart. */
const headBytes = 6;

/**
 * Digests in order, one behind the other in one piece of memory, which another thread can be given:
 * to hand over a hundred thousand of them takes as long as to hand over one.
 */
export class DigestTable {
  readonly #bytes: Uint8Array;

  /**
   * @param bytes as {@link sortDigests} makes them
   * @throws Error when they are something else
   */
  constructor(bytes: Uint8Array) {
    if (bytes.byteLength % digestBytes !== 0) {
      throw new Error("what was handed over are no digests");
    }
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.byteLength / digestBytes;
  }

  /**
   * @param digest 64 hex digits
   * @returns its place in the order, from 0; -1 when it is not there
   */
  find(digest: string): number {
    const wanted = Buffer.from(digest, "hex");
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const difference = this.#compare(middle, wanted);
      if (difference === 0) {
        return middle;
      }
      if (difference < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return -1;
  }

  #compare(index: number, wanted: Uint8Array): number {
    const start = index * digestBytes;
    for (let at = 0; at < digestBytes; at++) {
      const difference = (this.#bytes[start + at] ?? 0) - (wanted[at] ?? 0);
      if (difference !== 0) {
        return difference;
      }
    }
    return 0;
  }
}

export interface SortedDigests {
  /** Of a {@link DigestTable}, in memory of their own. */
  readonly bytes: Uint8Array;
  /** For each place of the table, where its digest stood in the list. */
  readonly order: readonly number[];
}

/** @param digests 64 hex digits each, in any order */
export function sortDigests(digests: readonly string[]): SortedDigests {
  const unsorted = Buffer.alloc(digests.length * digestBytes);
  const heads = digests.map((digest, index) => {
    unsorted.write(digest, index * digestBytes, "hex");
    return unsorted.readUIntBE(index * digestBytes, headBytes);
  });
  const at = (index: number) =>
    unsorted.subarray(index * digestBytes, index * digestBytes + digestBytes);
  const order = [...digests.keys()].sort(
    (one, other) => (heads[one] ?? 0) - (heads[other] ?? 0) || Buffer.compare(at(one), at(other)),
  );
  const bytes = new Uint8Array(unsorted.byteLength);
  for (const [place, index] of order.entries()) {
    bytes.set(at(index), place * digestBytes);
  }
  return { bytes, order };
}
