import { describe, expect, it } from "vitest";
import { useEchoServer } from "./echo-fixture.js";
import { encodeEchoRequest } from "./echo-message.js";
import { envelop } from "./envelope.js";
import type { HttpVersion } from "./http-client.js";
import { canStream, type Method, path, protoWires, readAnswer, writeRequest } from "./wire.js";

const echo = useEchoServer();
const posts = protoWires.filter(canStream);
const enveloped = posts.flatMap((wire) =>
  (["Echo", "EchoStream"] as const)
    .filter((method) => wire.protocol !== "connect" || method === "EchoStream")
    .map((method) => ({ title: `${method}, ${wire.name}`, wire, method })),
);

// Suites: Unexpected Requests, and unexpected-codec of each protocol.
describe.each<HttpVersion>(["1.1", "2"])("a content type over HTTP/%s", (httpVersion) => {
  it.each<[Method, string]>([
    ["Echo", "image/jpeg"],
    ["Echo", "text/plain"],
    ["Echo", "application/octet-stream"],
    ["Echo", "application/foo"],
    ["Echo", "application/connect+foo"],
    ["Echo", "application/grpc+foo"],
    ["Echo", "application/grpc-web+foo"],
    ["Echo", "application/grpcfoo"],
    ["Echo", "application/connect+proto"],
    ["EchoStream", "application/proto"],
    ["EchoStream", "application/json"],
    ["EchoStream", "image/jpeg"],
    ["EchoStream", "application/grpc-web+foo"],
  ])("that %s does not know is refused with 415: %s", async (method, contentType) => {
    const http = await echo.send(httpVersion, {
      path: path(method),
      headers: { "content-type": contentType },
      body: Buffer.from("12345678"),
    });
    expect(http.status).toBe(415);
    // A Connect client reads an error from application/json only, and else infers it from the status.
    expect(http.headers["content-type"]).not.toBe("application/json");
    expect(http.headers).not.toHaveProperty("grpc-status");
  });

  it("that is missing is refused with 415", async () => {
    const body = Buffer.from("12345678");
    const http = await echo.send(httpVersion, { path: path("Echo"), body });
    expect(http.status).toBe(415);
  });

  // Suites: gRPC and gRPC-Web Proto Sub-Format Requests.
  it.each([
    "application/grpc",
    "application/grpc+proto",
    "application/grpc-web",
    "application/grpc-web+proto",
  ])("%s is protobuf", async (contentType) => {
    const { headers, body } = await echo.send(httpVersion, {
      path: path("Echo"),
      headers: { "content-type": contentType, te: "trailers" },
      body: envelop(encodeEchoRequest({ data: ["dGVzdCByZXNwb25zZQ=="] }, "proto")),
    });
    expect(headers["content-type"]?.replace("+proto", "")).toBe(contentType.replace("+proto", ""));
    expect(body.toString("latin1")).toContain("test response");
  });

  it.each(["application/json; charset=utf-8", "application/json;charset=utf-8"])(
    "%s is JSON",
    async (contentType) => {
      const http = await echo.send(httpVersion, {
        path: path("Echo"),
        headers: { "content-type": contentType },
        body: Buffer.from('{"data": ["AA=="]}'),
      });
      expect(JSON.parse(http.body.toString())).toMatchObject({ data: "AA==" });
    },
  );
});

// Suites: … Unexpected Requests, unexpected-verb.
describe.each(posts)("an HTTP method other than POST ($name)", (wire) => {
  it.each<[string, Method, string]>([
    ["DELETE", "Echo", "POST"],
    ["PUT", "Echo", "POST"],
    ["PATCH", "Echo", "POST"],
    ["DELETE", "EchoStream", "POST"],
    ["DELETE", "EchoIdempotent", "GET, HEAD, POST"],
  ])("%s is refused for %s with 405 and Allow: %s", async (verb, method, allowed) => {
    const request = writeRequest(wire, { method });
    const http = await echo.send(wire.httpVersion, { ...request, method: verb });
    expect(http.status).toBe(405);
    expect(http.headers["allow"]?.split(", ").sort().join(", ")).toBe(allowed);
  });
});

// Suites: … Unexpected Requests, unexpected-uri.
describe.each(posts)("an unknown path ($name)", (wire) => {
  const grpc = wire.protocol.startsWith("grpc");
  const expected = grpc
    ? { status: 200, headers: { "grpc-status": "12" } }
    : { status: 404, headers: { "content-type": "application/problem+json" } };

  it.each([
    "/test.conformance.v1.EchoService/Unknown",
    "/test.conformance.v1.UnknownService/Echo",
    "/test.conformance.v1.EchoService/echo",
    "/test.conformance.v1.EchoService/Echo/",
    "/unknown",
  ])("is unimplemented: %s", async (unknown) => {
    const request = writeRequest(wire, {});
    const http = await echo.send(wire.httpVersion, { ...request, path: unknown });
    expect(http).toMatchObject(expected);
  });
});

// Suites: … Unexpected Requests, no-request and multiple-requests.
describe.each(enveloped)("the messages of a request ($title)", ({ wire, method }) => {
  const message = encodeEchoRequest({ data: ["AA=="] }, "proto");
  const envelope = envelop(message);
  const send = async (...body: Buffer[]) => {
    const http = await echo.send(wire.httpVersion, { ...writeRequest(wire, { method }), body });
    return readAnswer(wire, http, method);
  };

  it.each<[string, Buffer[]]>([
    ["none", []],
    ["two", [envelope, envelope]],
    ["two in one piece", [Buffer.concat([envelope, envelope])]],
    ["three", [envelope, envelope, envelope]],
  ])("are unimplemented when they are %s", async (_, body) => {
    const { error, messages } = await send(...body);
    expect(error?.code).toBe("unimplemented");
    expect(messages).toEqual([]);
  });

  it.each<[string, Buffer]>([
    ["within its flags and length", envelope.subarray(0, 3)],
    ["after its length", envelope.subarray(0, 5)],
    ["within its bytes", envelope.subarray(0, -1)],
    ["after another", Buffer.concat([envelope, envelope.subarray(0, 4)])],
  ])("are refused when one is cut short %s", async (_, body) => {
    const { error, messages } = await send(body);
    expect(["invalid_argument", "internal", "unimplemented"]).toContain(error?.code);
    expect(messages).toEqual([]);
  });

  it("are put together from single bytes", async () => {
    const { messages } = await send(...[...envelope].map((byte) => Buffer.from([byte])));
    expect(messages.map(({ data }) => data)).toEqual(["AA=="]);
  });

  it("are refused when one is no protobuf", async () => {
    const { error } = await send(envelop(Buffer.from("ffff", "hex")));
    expect(["invalid_argument", "internal"]).toContain(error?.code);
  });
});

describe.each(posts.filter(({ protocol }) => protocol === "connect"))(
  "a unary Connect request ($name)",
  (wire) => {
    it.each<[string, string]>([
      ["empty", ""],
      ["cut short", '{"data":'],
      ["an array", "[]"],
      ["of another shape", '{"data": 1}'],
      ["no UTF-8", "\xff"],
    ])("of JSON that is %s is refused", async (_, json) => {
      const headers = { "content-type": "application/json" };
      const body = Buffer.from(json, "latin1");
      const http = await echo.send(wire.httpVersion, { path: path("Echo"), headers, body });
      const { error } = readAnswer({ ...wire, codec: "json" }, http);
      expect(error?.code).toBe("invalid_argument");
      expect(http.status).toBe(400);
    });

    it("is put together from single bytes", async () => {
      const headers = { "content-type": "application/json" };
      const body = [...Buffer.from('{"data": ["AA=="]}')].map((byte) => Buffer.from([byte]));
      const http = await echo.send(wire.httpVersion, { path: path("Echo"), headers, body });
      expect(JSON.parse(http.body.toString())).toMatchObject({ data: "AA==" });
    });

    it("is served without the protocol version", async () => {
      const headers = { "content-type": "application/proto" };
      const body = Buffer.alloc(0);
      const http = await echo.send(wire.httpVersion, { path: path("Echo"), headers, body });
      expect(http.status).toBe(200);
    });
  },
);
