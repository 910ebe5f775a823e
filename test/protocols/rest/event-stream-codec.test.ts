import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Stage } from "../../../src/call/pipeline.js";
import { StreamCalls } from "../../../src/call/stream-calls.js";
import { RouterBuilder } from "../../../src/protocols/router.js";
import { ShelfService } from "../../schemas/gen/shelf_pb.js";
import { callByRouter, type RoutedCall, type RoutedRequest } from "../routed-request.js";

type Watch = ServiceImpl<typeof ShelfService>["watchShelf"];

afterEach(() => void vi.useRealTimers());

interface WatchRequest extends RoutedRequest {
  readonly authenticate?: Stage;
  readonly streams?: StreamCalls;
}

/** Sends a GET to the route of `target`, as the port would. */
function get(
  watchShelf: Watch,
  target: string,
  { authenticate, streams = new StreamCalls(), ...request }: WatchRequest = {},
): RoutedCall {
  const router = new RouterBuilder({
    stages: { ...(authenticate && { authenticate }) },
    codec: { acceptCompression: [], readMaxBytes: 1000 },
    streams,
  })
    .add(ShelfService, { watchShelf })
    .build();
  return callByRouter(router, target, request);
}

describe("createEventStreamCodec", () => {
  it("makes an event of each message, after the time to wait before coming back", async () => {
    const call = get(async function* (request) {
      yield request;
      yield { count: 2, tags: ["a"] };
    }, "/v1/a/b:watch?count=1");
    await call.logged;
    expect(call.startHeaders()).toMatchObject({ "content-type": "text/event-stream" });
    expect(call.chunks.join("")).toMatch(
      /^retry: [1-5]\d{3}\n\ndata: \{"tags":\[\],"numbers":\[\],"kinds":\[\],"shelfId":"a\/b","count":1\}\n\ndata: \{"tags":\["a"\],"numbers":\[\],"kinds":\[\],"count":2\}\n\n$/,
    );
    expect(call.ends).toEqual(["finish"]);
    expect(call.record).toMatchObject({ code: "ok", messagesSent: 2 });
  });

  it("sends the field alone that is the response's body", async () => {
    const call = get(async function* () {
      yield { book: { title: "t" } };
      yield {};
    }, "/v1/book:watch");
    await call.logged;
    expect(call.chunks.join("")).toMatch(/\n\ndata: \{"title":"t"\}\n\ndata: \{\}\n\n$/);
  });

  it.each<[string, Watch, string, number, string]>([
    [
      "a parameter that does not parse",
      async function* () {},
      "/v1/a:watch?count=x",
      400,
      "count does not parse as uint32",
    ],
    [
      "what the implementation throws before the first message",
      async function* () {
        const headers = { "Retry-After": "7" };
        yield Promise.reject(new ConnectError("shelf is full", Code.ResourceExhausted, headers));
      },
      "/v1/a:watch",
      429,
      "shelf is full",
    ],
  ])("answers %s with problem details", async (_, watch, target, status, error) => {
    const call = get(watch, target);
    await call.logged;
    expect(call.answer()).toMatchObject({
      status,
      headers: { "content-type": "application/problem+json" },
    });
    expect(JSON.parse(String(call.answer()?.body))).toMatchObject({ status, error });
  });

  it("authenticates before a parameter that does not parse is reported", async () => {
    const authenticate: Stage = () => {
      throw new ConnectError("no", Code.PermissionDenied, { "X-Reason": "test" });
    };
    const call = get(async function* () {}, "/v1/a:watch?count=x", { authenticate });
    await call.logged;
    expect(call.answer()).toMatchObject({ status: 403, headers: { "x-reason": "test" } });
  });

  it("reports a later error in an event, and ends", async () => {
    const call = get(async function* () {
      yield {};
      throw new Error("the secret is hunter2");
    }, "/v1/a:watch");
    await call.logged;
    const body = call.chunks.join("");
    const [, data = ""] = /\n\nevent: error\ndata: (.*)\n\n$/.exec(body) ?? [];
    expect(JSON.parse(data)).toMatchObject({
      status: 500,
      code: "internal",
      error: "internal error",
    });
    expect(body).not.toContain("hunter2");
    expect(call.ends).toEqual(["finish"]);
    expect(call.record).toMatchObject({ code: "internal", messagesSent: 1 });
  });

  it("answers HEAD with the same headers, and opens nothing", async () => {
    let opened = false;
    const call = get(
      async function* () {
        opened = true;
        yield {};
      },
      "/v1/a:watch",
      { method: "HEAD" },
    );
    await call.logged;
    expect(call.startHeaders()).toMatchObject({
      "content-type": "text/event-stream",
      "x-accel-buffering": "no",
    });
    expect(call.chunks).toEqual([]);
    expect(call.ends).toEqual(["finish"]);
    expect(opened).toBe(false);
  });

  it("sends a comment when nothing else has been sent for 20 seconds, also before the first message", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    const streams = new StreamCalls();
    const call = get(
      async function* (_, { signal }) {
        await new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      },
      "/v1/a:watch",
      { streams },
    );
    await vi.advanceTimersByTimeAsync(20_000);
    expect(call.startHeaders()).toMatchObject({ "content-type": "text/event-stream" });
    expect(call.chunks).toEqual([": keep-alive\n\n"]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(call.chunks).toEqual([": keep-alive\n\n", ": keep-alive\n\n"]);
    streams.endAll(new ConnectError("over", Code.Unavailable));
    await call.logged;
    expect(call.chunks.at(-1)).toContain('"code":"unavailable"');
    expect(call.ends).toEqual(["finish"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
