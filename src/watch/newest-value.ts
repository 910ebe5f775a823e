/**
 * Hands values from one who does not wait to one who may be slow. Of the values that were not taken
 * yet only the newest is kept, so that a slow reader costs no more than a quick one.
 */
export class NewestValue<T> implements AsyncIterableIterator<T> {
  readonly #onEnd: () => void;
  #kept: { readonly value: T } | undefined;
  #end: { readonly error: unknown } | "left" | undefined;
  #taker:
    | { resolve(result: IteratorResult<T, undefined>): void; reject(error: unknown): void }
    | undefined;

  /** @param onEnd called once, when the values have failed or their reader has left */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  put(value: T): void {
    if (this.#end !== undefined) {
      return;
    }
    if (this.#taker === undefined) {
      this.#kept = { value };
    } else {
      this.#taker.resolve({ value, done: false });
      this.#taker = undefined;
    }
  }

  /** No value follows, not even the one that was kept. What comes after the first end is ignored. */
  fail(error: unknown): void {
    if (this.#finish({ error })) {
      this.#taker?.reject(error);
      this.#taker = undefined;
    }
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const kept = this.#kept;
    if (kept !== undefined) {
      this.#kept = undefined;
      return Promise.resolve({ value: kept.value, done: false });
    }
    if (this.#end === "left") {
      return Promise.resolve({ value: undefined, done: true });
    }
    if (this.#end !== undefined) {
      return Promise.reject(this.#end.error);
    }
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
    });
  }

  /** The reader leaves. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#finish("left");
    this.#taker?.resolve({ value: undefined, done: true });
    this.#taker = undefined;
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: { readonly error: unknown } | "left"): boolean {
    if (this.#end !== undefined) {
      return false;
    }
    this.#end = end;
    this.#kept = undefined;
    this.#onEnd();
    return true;
  }
}
