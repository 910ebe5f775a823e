/**
 * Yields what `map` makes of each value, when it is asked for. An async generator would do the same,
 * but takes a kilobyte while it waits, and cannot be left before the value it waits for has come.
 */
export function mapValues<In, Out>(
  source: AsyncIterableIterator<In, undefined>,
  map: (value: In) => Out,
): AsyncIterableIterator<Out, undefined> {
  return new MappedValues(source, map);
}

class MappedValues<In, Out> implements AsyncIterableIterator<Out, undefined> {
  readonly #source: AsyncIterableIterator<In, undefined>;
  readonly #toResult: (result: IteratorResult<In, undefined>) => IteratorResult<Out, undefined>;

  constructor(source: AsyncIterableIterator<In, undefined>, map: (value: In) => Out) {
    this.#source = source;
    this.#toResult = (result) =>
      result.done === true ? result : { done: false, value: map(result.value) };
  }

  next(): Promise<IteratorResult<Out, undefined>> {
    return this.#source.next().then(this.#toResult);
  }

  async return(): Promise<IteratorResult<Out, undefined>> {
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
