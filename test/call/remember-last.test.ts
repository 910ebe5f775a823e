import { describe, expect, it } from "vitest";
import { rememberLast } from "../../src/call/remember-last.js";

describe("rememberLast", () => {
  it("computes once for the same object in succession, and anew for every other", () => {
    const computed: number[] = [];
    const double = rememberLast(({ value }: { value: number }) => {
      computed.push(value);
      return value * 2;
    });
    const one = { value: 1 };
    const two = { value: 2 };
    expect([one, one, two, one, { value: 1 }].map(double)).toEqual([2, 2, 4, 2, 2]);
    expect(computed).toEqual([1, 2, 1, 1]);
  });

  it("forgets nothing when the function throws, and remembers no failure", () => {
    let fail = false;
    const compute = rememberLast((input: object) => {
      if (fail) {
        throw new Error("no");
      }
      return input;
    });
    const first = {};
    compute(first);
    fail = true;
    expect(() => compute({})).toThrow("no");
    expect(compute(first)).toBe(first);
  });
});
