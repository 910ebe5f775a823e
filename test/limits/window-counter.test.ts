import { describe, expect, it } from "vitest";
import { maxPartitions, WindowCounter } from "../../src/limits/window-counter.js";

function create() {
  const time = { nowMs: 1_800_000_000_000 };
  return { time, counter: new WindowCounter(60_000, () => time.nowMs) };
}

describe("WindowCounter", () => {
  it("counts each partition for itself, in a window that begins with its first count", () => {
    const { time, counter } = create();
    const startMs = time.nowMs;
    expect(counter.add("a")).toEqual({ count: 1, endsAtMs: startMs + 60_000 });
    time.nowMs += 59_999;
    expect(counter.add("a")).toEqual({ count: 2, endsAtMs: startMs + 60_000 });
    expect(counter.add("b")).toEqual({ count: 1, endsAtMs: time.nowMs + 60_000 });
    time.nowMs += 1;
    expect(counter.find("a")).toBeUndefined();
    expect(counter.add("a")).toEqual({ count: 1, endsAtMs: time.nowMs + 60_000 });
  });

  it("goes on from what was counted elsewhere", () => {
    const { time, counter } = create();
    counter.set("a", { count: 7, endsAtMs: time.nowMs + 1_000 });
    expect(counter.find("a")).toEqual({ count: 7, endsAtMs: time.nowMs + 1_000 });
    expect(counter.add("a").count).toBe(8);
  });

  it("begins anew when the clock is put back", () => {
    const { time, counter } = create();
    counter.add("a");
    time.nowMs -= 3_600_000;
    expect(counter.add("a")).toEqual({ count: 1, endsAtMs: time.nowMs + 60_000 });
  });

  it("keeps a bounded number of partitions: those that were seen last", () => {
    const { counter } = create();
    counter.add("seen again");
    for (let i = 0; i < maxPartitions; i++) {
      counter.add(`address ${i}`);
      counter.add("seen again");
    }
    expect(counter.find("address 0")).toBeUndefined();
    expect(counter.find("address 1")).toMatchObject({ count: 1 });
    expect(counter.find("seen again")).toMatchObject({ count: maxPartitions + 1 });
  });
});
