import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import type { Stage } from "../../../src/call/pipeline.js";
import { StreamCalls } from "../../../src/call/stream-calls.js";
import { readGetBindings } from "../../../src/protocols/rest/http-binding.js";
import { type Router, RouterBuilder } from "../../../src/protocols/router.js";
import { ShelfService } from "../../schemas/gen/shelf_pb.js";
import { getByRouter } from "../routed-request.js";

function createRouter(impl: ServiceImpl<typeof ShelfService>["getShelf"], authenticate?: Stage) {
  const implementation = { getShelf: impl, putShelf: impl, listShelves: impl };
  return new RouterBuilder({
    stages: { ...(authenticate && { authenticate }) },
    codec: { acceptCompression: [], readMaxBytes: 1000 },
    streams: new StreamCalls(),
  })
    .add(ShelfService, implementation)
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

describe("createRestCodec", () => {
  it("makes a route of each GET binding, and of nothing else", () => {
    const bindings = ShelfService.methods.flatMap((method) => readGetBindings(method));
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

  it("authenticates before a parameter that does not parse is reported", async () => {
    const seen: string[] = [];
    const deny: Stage = () => {
      seen.push("authentication");
      throw new ConnectError("no", Code.PermissionDenied);
    };
    const handlers = createRouter((request) => {
      seen.push("implementation");
      return request;
    }, deny);
    expect((await call(handlers, "/v1/shelves/a?count=x")).status).toBe(403);
    expect(seen).toEqual(["authentication"]);
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
