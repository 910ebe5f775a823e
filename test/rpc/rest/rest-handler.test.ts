import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { readGetBindings } from "../../../src/rpc/rest/http-binding.js";
import { type Router, RouterBuilder } from "../../../src/rpc/router.js";
import { getByRouter } from "../unary-request.js";
import { compileShelfSchema } from "./shelf-schema.js";

const { service } = compileShelfSchema();

function createRouter(impl: (request: unknown) => unknown) {
  const implementation = { getShelf: impl, putShelf: impl, listShelves: impl };
  return new RouterBuilder({ interceptors: [], acceptCompression: [], readMaxBytes: 1000 })
    .add(service, implementation as never)
    .build();
}

async function call(router: Router, target: string) {
  const { answer } = await getByRouter(router, target);
  return {
    status: answer.status,
    type: answer.headers["content-type"],
    json: JSON.parse(String(answer.body)) as unknown,
  };
}

describe("createRestHandler", () => {
  it("makes a route of each GET binding, and of nothing else", () => {
    const bindings = service.methods.flatMap((method) => readGetBindings(method));
    expect(bindings.map(({ template }) => template.text)).toEqual([
      "/v1/shelves/{shelf_id}",
      "/v1/{book.title=books/*}:shelf",
      "/v1/{shelf_id=**}:watch",
      "/v1/book:watch",
    ]);
    const router = createRouter(() => ({}));
    const found = ["/v1/shelves/a", "/v1/books/x:shelf", "/v1/shelves", "/v1/shelves/a/b"];
    expect(found.map((path) => router(path)?.path)).toEqual([
      "/v1/shelves/{shelf_id}",
      "/v1/{book.title=books/*}:shelf",
      undefined,
      undefined,
    ]);
  });

  it("gives path and query to the implementation and answers with proto3 JSON, lists always there", async () => {
    const echo = createRouter((request) => request);
    expect(await call(echo, "/v1/shelves/a%20b?count=3")).toEqual({
      status: 200,
      type: "application/json",
      json: { tags: [], numbers: [], kinds: [], shelfId: "a b", count: 3 },
    });
    expect((await call(echo, "/v1/books/x:shelf")).json).toMatchObject({
      book: { title: "books/x" },
    });
  });

  it("reports a parameter that does not parse", async () => {
    const seen: string[] = [];
    const handlers = createRouter(() => seen.push("implementation"));
    expect(await call(handlers, "/v1/shelves/a?count=x")).toMatchObject({
      status: 400,
      json: { error: "count does not parse as uint32" },
    });
    expect(seen).toEqual([]);
  });

  it("answers with problem details", async () => {
    const fail = createRouter(() => {
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
    const fail = createRouter(() => {
      throw new Error("the secret is hunter2");
    });
    const { status, json } = await call(fail, "/v1/shelves/a");
    expect(status).toBe(500);
    expect(JSON.stringify(json)).not.toContain("hunter2");
  });
});
