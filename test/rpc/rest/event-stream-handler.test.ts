import { text } from "node:stream/consumers";
import {
  Code,
  ConnectError,
  createContextValues,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type CallRecord, callRecordKey } from "../../../src/rpc/call-record.js";
import { RequestHeaders } from "../../../src/rpc/request-headers.js";
import { RouterBuilder } from "../../../src/rpc/router.js";
import { compileShelfSchema } from "./shelf-schema.js";

const { service } = compileShelfSchema();
type Watch = (request: unknown, context: HandlerContext) => AsyncIterable<unknown>;

afterEach(() => void vi.useRealTimers());

/** Sends a GET to the route of `target`, as the port would. */
async function get(
  watchShelf: Watch,
  target: string,
  {
    method = "GET",
    interceptors = [],
    signal = new AbortController().signal,
  }: {
    method?: string;
    interceptors?: Interceptor[];
    signal?: AbortSignal;
  } = {},
) {
  const router = new RouterBuilder({
    interceptors,
    acceptCompression: [],
    readMaxBytes: 1000,
  })
    .add(service, { watchShelf } as never)
    .build();
  const [path = "", query = ""] = target.split("?");
  const route = router(path);
  const handler = route?.choose({ method, mediaType: "", query });
  if (handler?.isStream !== true) {
    throw new Error(`no stream for ${target}`);
  }
  const record: CallRecord = { protocol: "rest" };
  const response = await handler.handle({
    httpVersion: "1.1",
    method,
    url: `http://localhost${target}`,
    header: new RequestHeaders([]),
    body: (async function* () {})(),
    signal,
    contextValues: createContextValues().set(callRecordKey, record),
  });
  return { route, handler, response, record };
}

async function* iterate({ body }: UniversalServerResponse): AsyncGenerator<Uint8Array> {
  yield* body ?? [];
}

const bodyOf = (response: UniversalServerResponse) => text(iterate(response));

describe("createEventStreamHandler", () => {
  it("makes an event of each message, after the time to wait before coming back", async () => {
    const { route, handler, response, record } = await get(async function* (request) {
      yield request;
      yield { count: 2, tags: ["a"] };
    }, "/v1/a/b:watch?count=1");
    expect(route?.path).toBe("/v1/{shelf_id=**}:watch");
    expect(handler.protocol).toBe("rest");
    expect(response.status).toBe(200);
    expect(response.header?.get("content-type")).toBe("text/event-stream");
    expect(await bodyOf(response)).toMatch(
      /^retry: [1-5]\d{3}\n\ndata: \{"tags":\[\],"numbers":\[\],"kinds":\[\],"shelfId":"a\/b","count":1\}\n\ndata: \{"tags":\["a"\],"numbers":\[\],"kinds":\[\],"count":2\}\n\n$/,
    );
    expect(record).toMatchObject({ code: "ok", messagesSent: 2 });
  });

  it("sends the field alone that is the response's body", async () => {
    const { response } = await get(async function* () {
      yield { book: { title: "t" } };
      yield {};
    }, "/v1/book:watch");
    expect(await bodyOf(response)).toMatch(/\n\ndata: \{"title":"t"\}\n\ndata: \{\}\n\n$/);
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
    const { response } = await get(watch, target);
    expect(response.status).toBe(status);
    expect(response.header?.get("content-type")).toBe("application/problem+json");
    expect(JSON.parse(await bodyOf(response))).toMatchObject({ status, error });
  });

  it("runs the interceptors before a parameter that does not parse is reported", async () => {
    const deny: Interceptor = () => async () => {
      throw new ConnectError("no", Code.PermissionDenied, { "X-Reason": "test" });
    };
    const { response } = await get(async function* () {}, "/v1/a:watch?count=x", {
      interceptors: [deny],
    });
    expect(response.status).toBe(403);
    expect(response.header?.get("x-reason")).toBe("test");
  });

  it("tells a later error in an event, and ends", async () => {
    const { response, record } = await get(async function* () {
      yield {};
      throw new Error("the secret is hunter2");
    }, "/v1/a:watch");
    expect(response.status).toBe(200);
    const body = await bodyOf(response);
    const [, data = ""] = /\n\nevent: error\ndata: (.*)\n\n$/.exec(body) ?? [];
    expect(JSON.parse(data)).toMatchObject({
      status: 500,
      code: "internal",
      error: "internal error",
    });
    expect(body).not.toContain("hunter2");
    expect(record).toMatchObject({ code: "internal", messagesSent: 1 });
  });

  it("answers HEAD with the same head, and ends the implementation", async () => {
    const ends: string[] = [];
    const { response } = await get(
      async function* (_, { signal }) {
        try {
          yield {};
          yield {};
        } finally {
          ends.push(`ended, ${signal.aborted}`);
        }
      },
      "/v1/a:watch",
      { method: "HEAD" },
    );
    expect(response).toMatchObject({ status: 200 });
    expect(response.body).toBeUndefined();
    await expect.poll(() => ends).toEqual(["ended, true"]);
  });

  it("sends a comment when nothing else has come for 20 seconds, also before the first message", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const controller = new AbortController();
    const answer = get(
      async function* (_, { signal }) {
        await new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      },
      "/v1/a:watch",
      { signal: controller.signal },
    );
    await vi.advanceTimersByTimeAsync(20_000);
    const { response } = await answer;
    const chunks = iterate(response);
    const read = async () => Buffer.from((await chunks.next()).value ?? "").toString();
    expect(await read()).toMatch(/^retry: \d+\n\n: still there\n\n$/);
    const second = read();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await second).toBe(": still there\n\n");
    const last = read();
    controller.abort(new ConnectError("over", Code.Unavailable));
    expect(await last).toContain('"code":"unavailable"');
    expect((await chunks.next()).done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
