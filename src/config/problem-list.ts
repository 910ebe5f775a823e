import { type ConfigProblem, throwIfAny } from "../errors.js";
import type { NameKey } from "./config-source.js";

/** Collects all that is wrong, so that one start tells it all. */
export class ProblemList {
  readonly #problems: ConfigProblem[] = [];
  readonly #nameKey: NameKey;

  constructor(nameKey: NameKey) {
    this.#nameKey = nameKey;
  }

  add(path: readonly PropertyKey[], problem: string, fix: string): void {
    this.#problems.push({ key: this.#nameKey(path), problem, fix });
  }

  /** @throws ConfigError when anything was added */
  throwIfAny(): void {
    throwIfAny(this.#problems);
  }
}
