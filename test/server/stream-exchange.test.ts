import { Readable, Writable } from "node:stream";
import type { UniversalHandlerFn } from "@connectrpc/connect/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RequestCounts } from "../../src/observability/request-counts.js";
import type { RequestEntry } from "../../src/observability/request-log.js";
import { Readiness } from "../../src/rpc/readiness.js";
import { RequestHeaders } from "../../src/rpc/request-headers.js";
import type { HttpHeaders } from "../../src/rpc/unary/http-message.js";
import type { HttpExchange } from "../../src/server/http-exchange.js";
import { httpLimits } from "../../src/server/http-limits.js";
import { Reply } from "../../src/server/reply.js";
import { answerStream } from "../../src/server/stream-exchange.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

/** A client that takes what it is sent when `take` is called, and only then. */
function createClient() {
  const taken: string[] = [];
  const events: string[] = [];
  let take = () => {};
  let startHeaders: HttpHeaders = {};
  const output = new Writable({
    highWaterMark: 1,
    write(chunk, _, done) {
      take = () => {
        taken.push(String(chunk));
        done();
      };
    },
  });
  const exchange: HttpExchange = {
    arrivedAtMs: 0,
    httpVersion: "2.0",
    method: "GET",
    target: "/",
    headers: new RequestHeaders([]),
    remoteAddress: undefined,
    connection: {},
    body: Readable.from([]),
    output,
    answerer: undefined,
    guard: (listener) => listener,
    isGone: () => false,
    onGone() {},
    hasBody: false,
    isComplete: () => true,
    acceptBody() {},
    send() {},
    start(_, headers) {
      startHeaders = headers;
    },
    finish: () => void events.push("finish"),
    closeAfterwards() {},
    destroy: () => void events.push("destroy"),
  };
  return { exchange, taken, events, take: () => take(), headers: () => startHeaders };
}

function serve(exchange: HttpExchange) {
  const made: string[] = [];
  const lines: RequestEntry[] = [];
  const readiness = new Readiness();
  const reply = new Reply(
    exchange,
    {
      requestLog: (_, entry) => void lines.push(entry),
      requestCounts: new RequestCounts(),
    },
    readiness,
  );
  const handle: UniversalHandlerFn = async ({ signal }) => ({
    status: 200,
    body: (async function* () {
      try {
        for (let count = 0; count < 3; count += 1) {
          made.push(`made ${count}`);
          yield Buffer.from(`${count}`);
        }
      } finally {
        await Promise.resolve();
        made.push(`ended, ${signal.aborted}`);
      }
    })(),
  });
  const end = answerStream(reply, handle, reply.createContextValues());
  return { end, made, lines };
}

describe("answerStream", () => {
  it("makes no more than the client takes", async () => {
    const { exchange, taken, events, take, headers } = createClient();
    const { end, made } = serve(exchange);
    await vi.advanceTimersByTimeAsync(10);
    expect(made).toEqual(["made 0"]);
    expect(headers()).toMatchObject({ "x-accel-buffering": "no", "cache-control": "no-store" });
    for (let count = 0; count < 3; count += 1) {
      take();
      await vi.advanceTimersByTimeAsync(httpLimits.requestTimeoutMs - 1000);
    }
    await end;
    expect(taken).toEqual(["0", "1", "2"]);
    expect(events).toEqual(["finish"]);
  });

  it("cuts a client that takes nothing for too long, and ends what makes the messages", async () => {
    const { exchange, events } = createClient();
    const { end, made, lines } = serve(exchange);
    await vi.advanceTimersByTimeAsync(httpLimits.requestTimeoutMs - 1);
    expect(events).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await end;
    expect(events).toEqual(["destroy"]);
    expect(made).toEqual(["made 0", "ended, false"]);
    expect(lines).toMatchObject([{ code: "canceled", cause: { message: expect.any(String) } }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
