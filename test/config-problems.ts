import { ConfigError, type ConfigProblem } from "../src/errors.js";

/** What a step of the start finds wrong. */
export function problemsOf(step: () => unknown): readonly ConfigProblem[] {
  try {
    step();
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}
