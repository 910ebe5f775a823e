import { ConfigError, type ConfigProblem, maxShownProblems, throwIfAny } from "../errors.js";

/** Collects what several steps find wrong, so that one start reports it all; the first 20 are kept. */
export class ProblemCollection {
  readonly #problems: ConfigProblem[] = [];
  #omittedCount = 0;

  add(problem: ConfigProblem): void {
    if (this.#problems.length < maxShownProblems) {
      this.#problems.push(problem);
    } else {
      this.#omittedCount += 1;
    }
  }

  /** Runs a step. The problems of a ConfigError join the others. */
  try<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof ConfigError)) {
        throw error;
      }
      for (const problem of error.problems) {
        this.add(problem);
      }
      this.#omittedCount += error.omittedCount;
      return undefined;
    }
  }

  /** @throws ConfigError when anything was found */
  throwIfAny(): void {
    throwIfAny(this.#problems, this.#omittedCount);
  }
}
