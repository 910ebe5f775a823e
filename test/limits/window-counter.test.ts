import { describe, expect, it } from "vitest";
import { maxPartitions, WindowCounter } from "../../src/limits/window-counter.js";

function create() {
  const time = { nowMs: 1_800_000_000_000 };
  return { time, counter: new WindowCounter(60_000) };
}

describe("WindowCounter", () => {
  it("counts each partition for itself, in a window that begins with its first count", () => {
    const { time, counter } = create();
    const startMs = time.nowMs;
    expect(counter.add("a", time.nowMs)).toEqual({ count: 1, endsAtMs: startMs + 60_000 });
    time.nowMs += 59_999;
    expect(counter.add("a", time.nowMs)).toEqual({ count: 2, endsAtMs: startMs + 60_000 });
    expect(counter.add("b", time.nowMs)).toEqual({ count: 1, endsAtMs: time.nowMs + 60_000 });
    time.nowMs += 1;
    expect(counter.find("a", time.nowMs)).toBeUndefined();
    expect(counter.add("a", time.nowMs)).toEqual({ count: 1, endsAtMs: time.nowMs + 60_000 });
  });

  it("goes on from what was counted elsewhere", () => {
    const { time, counter } = create();
    counter.set("a", { count: 7, endsAtMs: time.nowMs + 1_000 });
    expect(counter.find("a", time.nowMs)).toEqual({ count: 7, endsAtMs: time.nowMs + 1_000 });
    expect(counter.add("a", time.nowMs).count).toBe(8);
  });

  it("begins anew when the clock is put back", () => {
    const { time, counter } = create();
    counter.add("a", time.nowMs);
    time.nowMs -= 3_600_000;
    expect(counter.add("a", time.nowMs)).toEqual({ count: 1, endsAtMs: time.nowMs + 60_000 });
  });

  it("keeps a bounded number of partitions: those that were seen last", () => {
    const { time, counter } = create();
    counter.add("seen again", time.nowMs);
    for (let i = 0; i < maxPartitions; i++) {
      counter.add(`address ${i}`, time.nowMs);
      counter.add("seen again", time.nowMs);
    }
    expect(counter.find("address 0", time.nowMs)).toBeUndefined();
    expect(counter.find("address 1", time.nowMs)).toMatchObject({ count: 1 });
    expect(counter.find("seen again", time.nowMs)).toMatchObject({ count: maxPartitions + 1 });
  });
});
