import { type ConfigProblem, throwIfAny } from "../errors.js";
import type { KeyPath } from "./key-path.js";

/** Names a key as its author wrote it: by the variable it came from, else by its path in the file. */
export type NameKey = (path: KeyPath) => string;

/** Collects all that is wrong, so that one start reports it all. */
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
