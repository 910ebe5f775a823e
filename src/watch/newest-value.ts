/**
 * Hands values from one who does not wait to one who may be slow. Of the values that were not taken
 * yet only the newest is kept, so that a slow reader costs no more than a quick one. An async generator
 * would take a kilobyte while it waits, and could not be left before the value it waits for has come.
 */
export class NewestValue<In, Out = In> implements AsyncIterableIterator<Out, undefined> {
  readonly #present: (value: In) => Out;
  readonly #onEnd: () => void;
  #kept: { readonly value: In } | undefined;
  #end: { readonly error: unknown } | "left" | undefined;
  #taker:
    | { resolve(result: IteratorResult<Out, undefined>): void; reject(error: unknown): void }
    | undefined;

  /**
   * @param present what the reader is given for a value; called when it takes the value
   * @param onEnd called once, when the values have failed or their reader has left
   */
  constructor(present: (value: In) => Out, onEnd: () => void) {
    this.#present = present;
    this.#onEnd = onEnd;
  }

  put(value: In): void {
    if (this.#end !== undefined) {
      return;
    }
    if (this.#taker === undefined) {
      this.#kept = { value };
    } else {
      const taker = this.#taker;
      this.#taker = undefined;
      try {
        taker.resolve({ value: this.#present(value), done: false });
      } catch (error) {
        taker.reject(error);
      }
    }
  }

  /** No value follows, not even the one that was kept. What comes after the first end is ignored. */
  fail(error: unknown): void {
    if (this.#finish({ error })) {
      this.#taker?.reject(error);
      this.#taker = undefined;
    }
  }

  next(): Promise<IteratorResult<Out, undefined>> {
    const kept = this.#kept;
    if (kept !== undefined) {
      this.#kept = undefined;
      try {
        return Promise.resolve({ value: this.#present(kept.value), done: false });
      } catch (error) {
        return Promise.reject(error);
      }
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
  return(): Promise<IteratorResult<Out, undefined>> {
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
