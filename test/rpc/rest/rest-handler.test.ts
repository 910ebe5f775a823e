import {
  Code,
  ConnectError,
  createContextValues,
  createServiceImplSpec,
  type Interceptor,
} from "@connectrpc/connect";
import { createAsyncIterable, readAllBytes } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { createRestHandlers, type RestHandler } from "../../../src/rpc/rest/rest-handler.js";
import { compileShelfSchema } from "./shelf-schema.js";

const { service } = compileShelfSchema();

function createHandlers(impl: (request: unknown) => unknown, interceptors: Interceptor[] = []) {
  const spec = createServiceImplSpec(service, {
    getShelf: impl,
    putShelf: impl,
    listShelves: impl,
  } as never);
  return Object.values(spec.methods).flatMap((method) =>
    createRestHandlers(method, { interceptors }),
  );
}

async function call(handlers: RestHandler[], target: string) {
  const path = target.replace(/\?.*/, "");
  const handler = handlers.find(({ template }) => template.match(path) !== undefined);
  const response = await handler?.({
    httpVersion: "1.1",
    method: "GET",
    url: `http://localhost${target}`,
    header: new Headers(),
    body: createAsyncIterable([]),
    signal: new AbortController().signal,
    contextValues: createContextValues(),
  });
  const bytes = await readAllBytes(response?.body ?? createAsyncIterable([]), 1e6);
  return {
    status: response?.status,
    type: response?.header?.get("Content-Type"),
    json: JSON.parse(Buffer.from(bytes).toString()) as unknown,
  };
}

describe("createRestHandlers", () => {
  it("makes a route of each GET binding, and of nothing else", () => {
    expect(createHandlers(() => ({})).map(({ template }) => template.text)).toEqual([
      "/v1/shelves/{shelf_id}",
      "/v1/{book.title=books/*}:shelf",
    ]);
  });

  it("gives path and query to the implementation and answers with proto3 JSON, lists always there", async () => {
    const echo = createHandlers((request) => request);
    expect(await call(echo, "/v1/shelves/a%20b?count=3")).toEqual({
      status: 200,
      type: "application/json",
      json: { tags: [], numbers: [], kinds: [], shelfId: "a b", count: 3 },
    });
    expect((await call(echo, "/v1/books/x:shelf")).json).toMatchObject({
      book: { title: "books/x" },
    });
  });

  it("runs the interceptors before a parameter that does not parse is reported", async () => {
    const seen: string[] = [];
    const deny: Interceptor = () => async () => {
      seen.push("interceptor");
      throw new ConnectError("no", Code.PermissionDenied);
    };
    const handlers = createHandlers(() => seen.push("implementation"), [deny]);
    expect((await call(handlers, "/v1/shelves/a?count=x")).status).toBe(403);
    expect(seen).toEqual(["interceptor"]);
  });

  it("answers with problem details", async () => {
    const fail = createHandlers(() => {
      throw new ConnectError("shelf is full", Code.ResourceExhausted);
    });
    expect(await call(fail, "/v1/shelves/a")).toEqual({
      status: 429,
      type: "application/problem+json",
      json: {
        type: "about:blank",
        title: "Too Many Requests",
        status: 429,
        detail: "shelf is full",
        code: "resource_exhausted",
        error: "shelf is full",
      },
    });
  });

  it("never tells what an unforeseen error says", async () => {
    const fail = createHandlers(() => {
      throw new Error("the secret is hunter2");
    });
    const { status, json } = await call(fail, "/v1/shelves/a");
    expect(status).toBe(500);
    expect(JSON.stringify(json)).not.toContain("hunter2");
  });
});
