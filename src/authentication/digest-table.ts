/** The length of a SHA-256 digest in bytes. */
export const digestBytes = 32;
/** As many bytes as a number can hold. They nearly always differ between two digests. */
const headBytes = 6;

/**
 * Sorted digests in one piece of memory, which can be handed to another thread at the same cost for one
 * digest as for a hundred thousand.
 */
export class DigestTable {
  readonly #bytes: Uint8Array;

  /**
   * @param bytes as {@link sortDigests} makes them
   * @throws Error when they are not
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
   * @returns its place in the order, from 0; -1 when it is not in the table
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
  /** Of a {@link DigestTable}, in their own memory. */
  readonly bytes: Uint8Array;
  /** For each place of the table, the place of its digest in the list. */
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
