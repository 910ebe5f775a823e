import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { repeatRounds } from "../../src/cli/check-command.js";

describe("repeatRounds", () => {
  it("gives each round a signal of its own, which leaves nothing on that of the process", async () => {
    const process = new AbortController();
    const signals: AbortSignal[] = [];
    await repeatRounds(process.signal, 1, async (signal) => {
      signals.push(signal);
      expect(getEventListeners(process.signal, "abort")).toHaveLength(1);
      if (signals.length === 3) {
        process.abort();
      }
    });
    expect(new Set([process.signal, ...signals]).size).toBe(4);
    expect(getEventListeners(process.signal, "abort")).toHaveLength(0);
  });

  it("calls off the round that runs when the process stops, and begins no other", async () => {
    const process = new AbortController();
    let rounds = 0;
    await repeatRounds(process.signal, 1, async (signal) => {
      rounds += 1;
      queueMicrotask(() => process.abort());
      await sleep(60_000, undefined, { signal });
    });
    expect(rounds).toBe(1);
  });

  it("fails with what a round throws", async () => {
    const { signal } = new AbortController();
    const failing = repeatRounds(signal, 1, async () => {
      throw new Error("boom");
    });
    await expect(failing).rejects.toThrow("boom");
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
