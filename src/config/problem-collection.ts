import { ConfigError, type ConfigProblem, throwIfAny } from "../errors.js";

/** Collects what several steps find wrong, so that one start tells it all. */
export class ProblemCollection {
  readonly #problems: ConfigProblem[] = [];
  #omittedCount = 0;

  add(problem: ConfigProblem): void {
    this.#problems.push(problem);
  }

  /** Runs a step. The problems of a ConfigError join the others. */
  try<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof ConfigError)) {
        throw error;
      }
      this.#problems.push(...error.problems);
      this.#omittedCount += error.omittedCount;
      return undefined;
    }
  }

  /** @throws ConfigError when anything was found */
  throwIfAny(): void {
    throwIfAny(this.#problems, this.#omittedCount);
  }
}
