/** Lines that are written together. */
export interface LineBatch {
  readonly text: string;
  /** Where each line ends, in bytes from the start. */
  readonly ends: readonly number[];
}

/** Collects lines in batches, and holds a bounded number of bytes. */
export class LineQueue {
  readonly #maxBatchBytes: number;
  readonly #maxBytes: number;
  #batches: (LineBatch & { readonly bytes: number })[] = [];
  #bytes = 0;
  #isFull = false;
  #openText = "";
  #openBytes = 0;
  #openEnds: number[] = [];

  /**
   * @param maxBatchBytes of a batch; only one that consists of a single line may be longer
   * @param maxBytes of all that wait
   */
  constructor(maxBatchBytes: number, maxBytes: number) {
    this.#maxBatchBytes = maxBatchBytes;
    this.#maxBytes = maxBytes;
  }

  /**
   * Adds a line, unless there is no room.
   * @param bytes its length in UTF-8
   * @returns whether it was added. Once one was not, none is until {@link reopen}, so that those
   *   that are missing have been next to each other.
   */
  add(line: string, bytes: number): boolean {
    if (this.#isFull || this.#bytes + bytes > this.#maxBytes) {
      this.#isFull = true;
      this.close();
      return false;
    }
    if (this.#openBytes + bytes > this.#maxBatchBytes) {
      this.close();
    }
    this.#openText += line;
    this.#openBytes += bytes;
    this.#openEnds.push(this.#openBytes);
    this.#bytes += bytes;
    return true;
  }

  /** Whether a line was refused, and those before it are still here. */
  get isBlocked(): boolean {
    return this.#isFull && this.#batches.length > 0;
  }

  get hasBatch(): boolean {
    return this.#batches.length > 0;
  }

  /** Makes a batch of the lines that have been added since the last one. */
  close(): void {
    if (this.#openBytes > 0) {
      const bytes = this.#openBytes;
      this.#batches.push({ text: this.#openText, ends: this.#openEnds, bytes });
      this.#openText = "";
      this.#openBytes = 0;
      this.#openEnds = [];
    }
  }

  /** Takes the oldest batch out. */
  take(): LineBatch | undefined {
    const batch = this.#batches.shift();
    this.#bytes -= batch?.bytes ?? 0;
    return batch;
  }

  /** Takes lines again, after one was refused. */
  reopen(): void {
    this.#isFull = false;
  }

  /**
   * Drops every batch.
   * @returns how many lines that were
   */
  clear(): number {
    let lines = 0;
    for (let batch = this.take(); batch !== undefined; batch = this.take()) {
      lines += batch.ends.length;
    }
    return lines;
  }
}
