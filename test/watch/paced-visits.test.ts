import { describe, expect, it } from "vitest";
import { PacedVisits } from "../../src/watch/paced-visits.js";

function setUp() {
  const visited: number[] = [];
  const timers: (() => void)[] = [];
  const visits = new PacedVisits<number>(
    (one) => void visited.push(one),
    (callback) => void timers.push(callback),
  );
  /** Lets timers go off until there are none; returns how many did. */
  const finish = () => {
    let count = 0;
    for (let next = timers.shift(); next !== undefined; next = timers.shift()) {
      next();
      count += 1;
    }
    return count;
  };
  return { visits, visited, finish };
}

const numbers = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => from + index);

describe("PacedVisits", () => {
  it("visits all, in their order, in fifty parts", () => {
    const { visits, visited, finish } = setUp();
    visits.add(numbers(0, 5000));
    expect(visited).toEqual(numbers(0, 100));
    expect(finish()).toBe(49);
    expect(visited).toEqual(numbers(0, 5000));
  });

  it("goes faster when many come while few are visited", () => {
    const { visits, visited, finish } = setUp();
    visits.add(numbers(0, 30));
    visits.add(numbers(30, 5000));
    expect(finish()).toBeLessThanOrEqual(50);
    expect(visited).toEqual(numbers(0, 5030));
  });
});
