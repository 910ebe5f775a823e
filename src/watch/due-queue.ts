interface Entry<T> {
  readonly item: T;
  dueMs: number;
  /** Its place in the heap. */
  index: number;
}

/**
 * Items by when they are due. The next one is known at once, and each change takes a time that grows
 * with the logarithm of their number (a binary heap).
 */
export class DueQueue<T> {
  readonly #heap: Entry<T>[] = [];
  readonly #entries = new Map<T, Entry<T>>();

  /** When the first item is due; infinity when there is none. */
  get nextMs(): number {
    return this.#heap[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** @param dueMs in place of an earlier one; infinity is never */
  set(item: T, dueMs: number): void {
    const known = this.#entries.get(item);
    if (known !== undefined) {
      known.dueMs = dueMs;
      this.#rise(known);
      this.#sink(known);
      return;
    }
    const entry = { item, dueMs, index: this.#heap.length };
    this.#entries.set(item, entry);
    this.#heap.push(entry);
    this.#rise(entry);
  }

  delete(item: T): void {
    const entry = this.#entries.get(item);
    if (entry === undefined) {
      return;
    }
    this.#entries.delete(item);
    const last = this.#heap.pop();
    if (last !== undefined && last !== entry) {
      this.#place(last, entry.index);
      this.#rise(last);
      this.#sink(last);
    }
  }

  /** Removes all items that are due, the first one first. */
  takeDue(nowMs: number): T[] {
    const due: T[] = [];
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.dueMs > nowMs) {
        break;
      }
      this.delete(first.item);
      due.push(first.item);
    }
    return due;
  }

  #rise(entry: Entry<T>): void {
    while (entry.index > 0) {
      const above = this.#heap[(entry.index - 1) >> 1];
      if (above === undefined || above.dueMs <= entry.dueMs) {
        return;
      }
      this.#swap(entry, above);
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1];
      const right = this.#heap[2 * entry.index + 2];
      const below =
        left !== undefined && right !== undefined && right.dueMs < left.dueMs ? right : left;
      if (below === undefined || below.dueMs >= entry.dueMs) {
        return;
      }
      this.#swap(entry, below);
    }
  }

  #swap(one: Entry<T>, other: Entry<T>): void {
    const { index } = one;
    this.#place(one, other.index);
    this.#place(other, index);
  }

  #place(entry: Entry<T>, index: number): void {
    entry.index = index;
    this.#heap[index] = entry;
  }
}
