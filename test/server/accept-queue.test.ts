import { afterEach, describe, expect, it, vi } from "vitest";
import { untilAcceptQueueIsEmpty } from "../../src/server/accept-queue.js";

afterEach(() => vi.restoreAllMocks());

/**
 * Waits while one connection is accepted in each turn of the event loop.
 * @param turnMs how long each turn takes, of a clock that only these turns move
 * @param connections how many come in all
 * @returns how many had been accepted when it settled, and after how long
 */
async function wait(turnMs: number, connections: number) {
  let turns = 0;
  vi.spyOn(performance, "now").mockImplementation(() => turns * turnMs);
  await untilAcceptQueueIsEmpty(() => {
    turns += 1;
    return Math.min(turns, connections);
  });
  return { accepted: Math.min(turns, connections), afterMs: turns * turnMs };
}

describe("untilAcceptQueueIsEmpty", () => {
  it("waits for a quiet moment", async () => {
    const { accepted, afterMs } = await wait(0.15, 20);
    expect(accepted).toBe(20);
    expect(afterMs).toBeLessThan(100);
  });

  it("accepts what waits although the machine hardly lets the process run", async () => {
    expect(await wait(70, 64)).toMatchObject({ accepted: 64 });
  });

  it.each([0.15, 1, 70, 2_000])(
    "gives up when connections come without end, in turns of %d ms",
    async (turnMs) => {
      const { afterMs } = await wait(turnMs, Number.POSITIVE_INFINITY);
      expect(afterMs).toBeLessThan(15_000);
    },
  );
});
