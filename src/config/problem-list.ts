import { type ConfigProblem, throwIfAny } from "../errors.js";
import type { NameKey } from "./config-source.js";

/** Collects all that is wrong, so that one start tells it all. */
export class ProblemList {
  readonly #problems: ConfigProblem[] = [];
  readonly #nameKey: NameKey;

  constructor(nameKey: NameKey) {
    this.#nameKey = nameKey;
  }

  /** @param transientCode as in {@link ConfigProblem} */
  add(
    path: readonly PropertyKey[],
    problem: string,
    fix: string,
    transientCode: string | undefined = undefined,
  ): void {
    const key = this.#nameKey(path);
    this.#problems.push({
      key,
      problem,
      fix,
      ...(transientCode !== undefined && { transientCode }),
    });
  }

  /** @throws ConfigError when anything was added */
  throwIfAny(): void {
    throwIfAny(this.#problems);
  }
}
