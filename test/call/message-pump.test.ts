import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { StreamCalls } from "../../src/call/stream-calls.js";
import { httpLimits } from "../../src/http/http-limits.js";
import { RouterBuilder } from "../../src/protocols/router.js";
import { callByRouter } from "../protocols/routed-request.js";
import { ShelfService } from "../schemas/gen/shelf_pb.js";

const timers = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] as const;
beforeEach(() => void vi.useFakeTimers({ toFake: [...timers] }));
afterEach(() => void vi.useRealTimers());

/** A stream of three messages to a client that takes one when `take` is called, and only then. */
function stream() {
  const made: string[] = [];
  let takeNext = () => {};
  async function* watchShelf(_: unknown, { signal }: { signal: AbortSignal }) {
    try {
      for (let count = 0; count < 3; count += 1) {
        made.push(`made ${count}`);
        yield { count };
      }
    } finally {
      await Promise.resolve();
      made.push(`ended, ${signal.aborted}`);
    }
  }
  const router = new RouterBuilder({
    stages: {},
    codec: { acceptCompression: [], readMaxBytes: 1000 },
    streams: new StreamCalls(),
  })
    .add(ShelfService, { watchShelf })
    .build();
  const call = callByRouter(router, "/v1/a:watch", {
    onChunk(take) {
      takeNext = take;
    },
  });
  return { call, made, take: () => takeNext() };
}

describe("pumpMessages", () => {
  it("makes no more than the client takes", async () => {
    const { call, made, take } = stream();
    await vi.advanceTimersByTimeAsync(10);
    expect(made).toEqual(["made 0"]);
    expect(call.startHeaders()).toMatchObject({
      "x-accel-buffering": "no",
      "cache-control": "no-store",
    });
    for (let count = 0; count < 3; count += 1) {
      take();
      await vi.advanceTimersByTimeAsync(httpLimits.requestTimeoutMs - 1000);
    }
    await call.logged;
    expect(call.chunks).toHaveLength(3);
    expect(call.ends).toEqual(["finish"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("cuts a client that takes nothing for too long, and ends the implementation", async () => {
    const { call, made } = stream();
    await vi.advanceTimersByTimeAsync(httpLimits.requestTimeoutMs - 1);
    expect(call.ends).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await call.logged;
    expect(call.ends).toEqual(["destroy"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(made).toEqual(["made 0", "ended, true"]);
    expect(call.lines).toMatchObject([{ code: "canceled", cause: "client_stalled" }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends when its client goes away, though no message comes", async () => {
    const { call, made } = stream();
    await vi.advanceTimersByTimeAsync(1);
    call.leave();
    await call.logged;
    expect(call.lines).toMatchObject([{ code: "canceled", status: undefined }]);
    await vi.advanceTimersByTimeAsync(1);
    expect(made).toEqual(["made 0", "ended, true"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
