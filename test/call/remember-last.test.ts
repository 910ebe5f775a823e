import { describe, expect, it } from "vitest";
import { rememberEach, rememberLast } from "../../src/call/remember-last.js";

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

  it("tells values apart that only look equal", () => {
    const print = rememberLast((value: number) => (Object.is(value, -0) ? "-0" : String(value)));
    expect([0, -0, Number.NaN, Number.NaN].map(print)).toEqual(["0", "-0", "NaN", "NaN"]);
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

describe("rememberEach", () => {
  it("computes once for each object", () => {
    const computed: number[] = [];
    const wrap = rememberEach((input: { readonly value: number }) => {
      computed.push(input.value);
      return { input };
    });
    const one = { value: 1 };
    const two = { value: 2 };
    const [first, , second, , third] = [one, two, one, two, { value: 1 }].map(wrap);
    expect(second).toBe(first);
    expect(third).toEqual(first);
    expect(computed).toEqual([1, 2, 1]);
  });
});
