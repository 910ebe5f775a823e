/** Bytes on their way to a file, and how far they have come. */
export class WrittenChunk {
  readonly bytes: Buffer;
  /** Where each line ends that would be missing without these bytes. */
  readonly #ends: readonly number[];
  #offset: number;

  constructor(text: string | Buffer, ends: readonly number[], offset = 0) {
    this.bytes = Buffer.isBuffer(text) ? text : Buffer.from(text);
    this.#ends = ends;
    this.#offset = offset;
  }

  /** How many bytes are in the file. */
  get offset(): number {
    return this.#offset;
  }

  get isWritten(): boolean {
    return this.#offset === this.bytes.length;
  }

  advance(bytes: number): void {
    this.#offset += bytes;
  }

  /**
   * Gives the chunk up, but for a line of which the file has the beginning.
   * @returns the rest of that line, and how many whole lines are lost
   */
  abandon(): { readonly rest: WrittenChunk | undefined; readonly lostLines: number } {
    const missing = this.#ends.filter((end) => end > this.#offset);
    const [cutAt] = missing;
    if (this.#offset === 0 || this.#ends.includes(this.#offset) || cutAt === undefined) {
      return { rest: undefined, lostLines: missing.length };
    }
    const rest = new WrittenChunk(this.bytes.subarray(0, cutAt), [cutAt], this.#offset);
    return { rest, lostLines: missing.length - 1 };
  }
}
