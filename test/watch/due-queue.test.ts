import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DueQueue } from "../../src/watch/due-queue.js";

describe("DueQueue", () => {
  it("knows the next item, and nothing when there is none", () => {
    const queue = new DueQueue<string>();
    expect(queue.nextMs).toBe(Number.POSITIVE_INFINITY);
    queue.set("b", 20);
    queue.set("a", 10);
    expect(queue.nextMs).toBe(10);
    queue.delete("a");
    queue.delete("never there");
    expect(queue.nextMs).toBe(20);
  });

  it("takes what is due, the first one first, once", () => {
    const queue = new DueQueue<string>();
    for (const [item, dueMs] of Object.entries({ c: 30, a: 10, d: 40, b: 20 })) {
      queue.set(item, dueMs);
    }
    expect(queue.takeDue(30)).toEqual(["a", "b", "c"]);
    expect(queue.takeDue(30)).toEqual([]);
    expect(queue.nextMs).toBe(40);
  });

  it("goes by the last time that was set", () => {
    const queue = new DueQueue<string>();
    queue.set("a", 10);
    queue.set("b", 20);
    queue.set("a", Number.POSITIVE_INFINITY);
    expect(queue.takeDue(Number.MAX_SAFE_INTEGER)).toEqual(["b"]);
    queue.set("a", 5);
    expect(queue.takeDue(5)).toEqual(["a"]);
  });

  it("does as a sorted list does, whatever is set, deleted, and taken", () => {
    const item = fc.integer({ min: 0, max: 20 });
    const step = fc.oneof(
      fc.record({
        kind: fc.constant("set" as const),
        item,
        dueMs: fc.integer({ min: 0, max: 50 }),
      }),
      fc.record({ kind: fc.constant("delete" as const), item }),
      fc.record({ kind: fc.constant("take" as const), nowMs: fc.integer({ min: 0, max: 50 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new DueQueue<number>();
        const model = new Map<number, number>();
        for (const each of steps) {
          if (each.kind === "set") {
            queue.set(each.item, each.dueMs);
            model.set(each.item, each.dueMs);
          } else if (each.kind === "delete") {
            queue.delete(each.item);
            model.delete(each.item);
          } else {
            const due = [...model].filter(([, dueMs]) => dueMs <= each.nowMs);
            const taken = queue.takeDue(each.nowMs);
            expect(taken.toSorted()).toEqual(due.map(([key]) => key).toSorted());
            expect(taken.map((key) => model.get(key))).toEqual(
              due.map(([, dueMs]) => dueMs).toSorted((a, b) => a - b),
            );
            for (const key of taken) {
              model.delete(key);
            }
          }
          expect(queue.nextMs).toBe(Math.min(Number.POSITIVE_INFINITY, ...model.values()));
        }
      }),
    );
  });
});
