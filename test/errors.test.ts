import { describe, expect, it } from "vitest";
import { ProblemCollection } from "../src/config/problem-collection.js";
import { ConfigError, type ConfigProblem, printConfigError, throwIfAny } from "../src/errors.js";
import { problemsOf } from "./config-problems.js";

const problem = (index: number): ConfigProblem => ({
  key: `key ${index}`,
  problem: "is wrong",
  fix: "Correct it",
});
const many = (count: number) => Array.from({ length: count }, (_, index) => problem(index));

function errorOf(problems: readonly ConfigProblem[]): ConfigError {
  try {
    throwIfAny(problems);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error;
    }
  }
  throw new Error("nothing was thrown");
}

describe("ConfigError", () => {
  it("holds 20 problems, and counts the others", () => {
    const error = errorOf(many(500_000));
    expect(error.problems).toEqual(many(20));
    expect(error.omittedCount).toBe(499_980);
    expect(error.message.split("\n")).toHaveLength(21);
    expect(printConfigError(error)).toMatch(/\n {2}and 499980 more\n$/);
  });

  it("says nothing of others where there are none", () => {
    const error = errorOf(many(20));
    expect(error.omittedCount).toBe(0);
    expect(printConfigError(error)).not.toContain("more");
  });

  it("bounds each text", () => {
    const [shown] = errorOf([
      { key: "k".repeat(9_999), problem: "😀".repeat(9_999), fix: "" },
    ]).problems;
    expect(shown.key).toBe(`${"k".repeat(499)}…`);
    expect(shown.problem.length).toBeLessThanOrEqual(500);
    expect(shown.problem.isWellFormed()).toBe(true);
  });

  it("shows what nobody would see, and nothing that a terminal acts on", () => {
    const [shown] = errorOf([
      { key: "a\u200b.yaml\r", problem: '"\u001b[2J" is\u00a0wrong', fix: "Write “ä b”" },
    ]).problems;
    expect(shown).toEqual({
      key: "a\\u200b.yaml\\u000d",
      problem: '"\\u001b[2J" is\\u00a0wrong',
      fix: "Write “ä b”",
    });
  });

  it("is transient when one of its problems is", () => {
    const transient = { ...problem(1), transientCode: "EMFILE" };
    expect(errorOf([problem(0)]).isTransient).toBe(false);
    expect(errorOf([problem(0), transient]).isTransient).toBe(true);
  });
});

describe("ProblemCollection", () => {
  it("joins what several steps found, and keeps their counts", () => {
    const collection = new ProblemCollection();
    collection.try(() => throwIfAny(many(30)));
    expect(collection.try(() => "fine")).toBe("fine");
    collection.try(() => throwIfAny(many(5)));
    expect(problemsOf(() => collection.throwIfAny())).toHaveLength(20);
    expect(() => collection.throwIfAny()).toThrow(/and 15 more$/);
  });
});
