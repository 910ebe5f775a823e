import { beforeEach, describe, expect, it } from "vitest";
import { WakeUp } from "../../src/watch/wake-up.js";
import { ManualTime } from "../parts/manual-time.js";

const startMs = 1_800_000_000_000;
let time: ManualTime;
let wakeUp: WakeUp;
let passedMs: number[];

beforeEach(() => {
  time = new ManualTime(startMs / 1000);
  passedMs = [];
  wakeUp = new WakeUp(time.startTimer, () => passedMs.push(time.clock() - startMs));
});

function wakeAfter(...delaysMs: number[]): void {
  for (const delayMs of delaysMs) {
    wakeUp.at(startMs + delayMs, time.clock());
  }
}

describe("WakeUp", () => {
  it.each([
    ["at the moment", [1000], [1000]],
    ["at the next whole millisecond", [0.5], [1]],
    ["at once, if the moment has passed", [-1000], [0]],
    ["once, at the earliest of several moments", [3000, 1000, 2000], [1000]],
  ])("ends the wait %s", async (_, delaysMs, expectedMs) => {
    wakeAfter(...delaysMs);
    await time.advance(10);
    expect(passedMs).toEqual(expectedMs);
  });

  it("waits again when it is asked to", async () => {
    wakeAfter(1000);
    await time.advance(1);
    wakeAfter(3000);
    await time.advance(9);
    expect(passedMs).toEqual([1000, 3000]);
  });

  it("starts no timer for a moment after the one that it waits for", () => {
    wakeAfter(1000, 2000, 1000);
    expect(time.timerCount).toBe(1);
  });
});
