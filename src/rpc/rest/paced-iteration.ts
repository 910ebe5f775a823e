/** Stands for a while in which nothing has come. */
export const pause = Symbol("pause");

/**
 * Yields what comes, and {@link pause} whenever nothing has come for `pauseMs`. Unlike a race of
 * promises, it does not grow with each pause.
 *
 * When it is left, whoever makes the values has to be ended by other means: one that is still waited
 * for is not.
 */
export async function* iteratePaced<T>(
  source: AsyncIterable<T>,
  pauseMs: number,
): AsyncGenerator<T | typeof pause, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  type Outcome = { readonly result: IteratorResult<T> } | { readonly error: unknown };
  let outcome: Outcome | undefined;
  let wake = () => {};
  const settle = (settled: Outcome) => {
    outcome = settled;
    wake();
  };
  const askNext = () => {
    outcome = undefined;
    iterator.next().then(
      (result) => settle({ result }),
      (error: unknown) => settle({ error }),
    );
  };
  const waitForOutcome = () =>
    new Promise<Outcome | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), pauseMs);
      wake = () => {
        clearTimeout(timer);
        resolve(outcome);
      };
      if (outcome !== undefined) {
        wake();
      }
    });

  let isLeft = true;
  try {
    askNext();
    while (true) {
      const settled = await waitForOutcome();
      if (settled === undefined) {
        yield pause;
      } else if ("error" in settled) {
        isLeft = false;
        throw settled.error;
      } else if (settled.result.done === true) {
        isLeft = false;
        return;
      } else {
        yield settled.result.value;
        askNext();
      }
    }
  } finally {
    if (isLeft) {
      // Not waited for: a generator returns only when what it waits for has come.
      iterator.return?.().catch(() => {});
    }
  }
}
