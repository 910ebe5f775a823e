import { describe, expect, it } from "vitest";
import { NewestValue } from "../../src/watch/newest-value.js";

function create() {
  const ends: string[] = [];
  const values = new NewestValue(
    (value: number) => `value ${value}`,
    () => void ends.push("end"),
  );
  return { values, ends };
}

describe("NewestValue", () => {
  it("hands a value to a reader who waits, and keeps one for a reader to come", async () => {
    const { values } = create();
    const waiting = values.next();
    values.put(1);
    expect(await waiting).toEqual({ value: "value 1", done: false });
    values.put(2);
    expect(await values.next()).toEqual({ value: "value 2", done: false });
  });

  it("keeps the newest only", async () => {
    const { values } = create();
    values.put(1);
    values.put(2);
    values.put(3);
    expect(await values.next()).toEqual({ value: "value 3", done: false });
    const next = values.next();
    values.put(4);
    expect(await next).toEqual({ value: "value 4", done: false });
  });

  it("fails for a reader who waits and for one to come, whatever was kept", async () => {
    const { values, ends } = create();
    const waiting = values.next();
    values.fail(new Error("first"));
    values.fail(new Error("second"));
    values.put(1);
    await expect(waiting).rejects.toThrow("first");
    await expect(values.next()).rejects.toThrow("first");
    const { values: kept } = create();
    kept.put(1);
    kept.fail(new Error("gone"));
    await expect(kept.next()).rejects.toThrow("gone");
    expect(ends).toEqual(["end"]);
  });

  it("presents only what its reader takes, and throws there what that throws", async () => {
    const presented: number[] = [];
    const values = new NewestValue(
      (value: number) => {
        presented.push(value);
        if (value > 2) {
          throw new Error(`not ${value}`);
        }
        return value;
      },
      () => {},
    );
    values.put(1);
    values.put(2);
    expect(await values.next()).toEqual({ value: 2, done: false });
    values.put(3);
    await expect(values.next()).rejects.toThrow("not 3");
    const waiting = values.next();
    values.put(4);
    await expect(waiting).rejects.toThrow("not 4");
    expect(presented).toEqual([2, 3, 4]);
  });

  it("ends when its reader leaves, also while waiting", async () => {
    const { values, ends } = create();
    const waiting = values.next();
    await values.return();
    values.put(1);
    values.fail(new Error("late"));
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(await values.next()).toEqual({ value: undefined, done: true });
    expect(ends).toEqual(["end"]);
  });
});
