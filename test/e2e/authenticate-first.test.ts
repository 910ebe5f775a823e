import { once } from "node:events";
import {
  connect as connectHttp2,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { connect } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  compressedFlag,
  endStreamFlag,
  envelop,
  splitEnvelopes,
  trailersFlag,
} from "../conformance/envelope.js";
import type { HttpAnswer, HttpRequest } from "../conformance/http-client.js";
import type { IceService } from "../parts/ice-service.js";
import { type BothVersions, startForBothVersions } from "./both-versions.js";

const token = "authenticate-first-token";
const unary = "/ice.v1.IceService/GetIceServers";
const stream = "/ice.v1.IceService/WatchIceServers";
let service: IceService;
let clients: BothVersions["clients"];
let stop: BothVersions["stop"];
beforeAll(async () => {
  ({ service, clients, stop } = await startForBothVersions(token));
});
afterAll(() => stop());

/** Whatever stands in a body, without a token nobody looks. */
const bodies: readonly (readonly [string, Pick<HttpRequest, "headers" | "body" | "unfinished">])[] =
  [
    ["no body", {}],
    ["a malformed body", { body: Buffer.from("\xff\xff\xff\xff\xff\xff", "latin1") }],
    ["a malformed message", { body: envelop(Buffer.from("\xff\xff", "latin1")) }],
    ["a body of 70 KB", { body: Buffer.alloc(70_000) }],
    ["a message of 70 KB", { body: envelop(Buffer.alloc(70_000)) }],
    ["a message cut short", { body: envelop(Buffer.alloc(20)).subarray(0, 9) }],
    ["two messages", { body: Buffer.concat([envelop(Buffer.alloc(0)), envelop(Buffer.alloc(0))]) }],
    [
      "a compressed message without an encoding",
      { body: envelop(Buffer.alloc(3), compressedFlag) },
    ],
    [
      "an unknown encoding",
      {
        headers: { "content-encoding": "zstd", "grpc-encoding": "zstd" },
        body: envelop(Buffer.alloc(3), compressedFlag),
      },
    ],
    [
      "a body that does not decompress",
      {
        headers: { "content-encoding": "gzip", "grpc-encoding": "gzip" },
        body: envelop(Buffer.alloc(3), compressedFlag),
      },
    ],
    [
      "a gzip bomb",
      {
        headers: { "content-encoding": "gzip", "grpc-encoding": "gzip" },
        body: envelop(gzipSync(Buffer.alloc(10_000_000)), compressedFlag),
      },
    ],
    [
      "a brotli bomb",
      {
        headers: { "content-encoding": "br", "grpc-encoding": "br" },
        body: brotliCompressSync(Buffer.alloc(10_000_000)),
      },
    ],
    [
      "a malformed timeout",
      { headers: { "grpc-timeout": "soon", "connect-timeout-ms": "soon" }, body: Buffer.alloc(5) },
    ],
    [
      "a deadline that has passed",
      { headers: { "grpc-timeout": "0n", "connect-timeout-ms": "0" }, body: Buffer.alloc(5) },
    ],
    ["a body that never ends", { body: Buffer.alloc(1), unfinished: true }],
    [
      "a body that is announced and stays away",
      { headers: { "content-length": "1000" }, body: Buffer.alloc(1), unfinished: true },
    ],
  ];

interface Wire {
  readonly name: string;
  readonly request: HttpRequest;
  readError(answer: HttpAnswer): { code: string; challenge: string | undefined };
}

const readGrpcError = (fields: Readonly<Record<string, string>>) => ({
  code: fields["grpc-status"] === "16" ? "unauthenticated" : `grpc-status ${fields["grpc-status"]}`,
  challenge: fields["www-authenticate"],
});
const readJson = (bytes: Buffer) => JSON.parse(bytes.toString()) as Record<string, unknown>;
const post = (path: string, contentType: string): HttpRequest => ({
  path,
  headers: { "content-type": contentType },
});

const grpcWires = [unary, stream].flatMap((path): Wire[] => [
  {
    name: `gRPC ${path}`,
    request: post(path, "application/grpc"),
    readError({ status, headers, trailers, body }) {
      // Trailers-Only: the status is in the one header block there is.
      expect({ status, trailers, size: body.length }).toEqual({
        status: 200,
        trailers: {},
        size: 0,
      });
      expect(headers["content-type"]).toBe("application/grpc+proto");
      return readGrpcError(headers);
    },
  },
  {
    name: `gRPC-Web ${path}`,
    request: post(path, "application/grpc-web+json"),
    readError({ status, headers, body }) {
      expect(status).toBe(200);
      expect(headers["content-type"]).toBe("application/grpc-web+json");
      const [{ flags, bytes } = { flags: 0, bytes: Buffer.alloc(0) }, ...rest] =
        splitEnvelopes(body);
      expect([flags, rest]).toEqual([trailersFlag, []]);
      const lines = bytes.toString().trimEnd().split("\r\n");
      return readGrpcError(Object.fromEntries(lines.map((line) => line.split(": ", 2))));
    },
  },
]);
const wires: readonly Wire[] = [
  ...grpcWires,
  ...["application/json", "application/proto"].map(
    (contentType): Wire => ({
      name: `Connect ${contentType}`,
      request: post(unary, contentType),
      readError({ status, headers, body }) {
        expect([status, headers["content-type"]]).toEqual([401, "application/json"]);
        return { code: String(readJson(body)["code"]), challenge: headers["www-authenticate"] };
      },
    }),
  ),
  ...["application/connect+json", "application/connect+proto"].map(
    (contentType): Wire => ({
      name: `Connect stream ${contentType}`,
      request: post(stream, contentType),
      readError({ status, headers, body }) {
        expect([status, headers["content-type"]]).toEqual([200, contentType]);
        const [{ flags, bytes } = { flags: 0, bytes: Buffer.alloc(0) }, ...rest] =
          splitEnvelopes(body);
        expect([flags, rest]).toEqual([endStreamFlag, []]);
        const { error, metadata } = readJson(bytes) as {
          error: { code: string };
          metadata: Record<string, string[]>;
        };
        return { code: error.code, challenge: metadata["www-authenticate"]?.[0] };
      },
    }),
  ),
];

const challenge = 'Bearer realm="ice-service"';
const refusals = [
  { sent: "no token", headers: {}, challenge },
  {
    sent: "an unknown token",
    headers: { authorization: "Bearer unknown" },
    challenge: `${challenge}, error="invalid_token"`,
  },
] as const;

describe.each(["1.1", "2"] as const)("a call over HTTP/%s without a valid token", (version) => {
  describe.each(wires)("$name", ({ request, readError }) => {
    it.each(bodies)("is refused as such with %s", async (_, body) => {
      for (const { headers, challenge: expected } of refusals) {
        const answer = await clients[version].send({
          ...request,
          ...body,
          headers: { ...request.headers, ...body.headers, ...headers },
        });
        expect(readError(answer)).toEqual({
          code: "unauthenticated",
          challenge: expected,
        });
      }
    });
  });

  it.each([
    "/ice.v1.IceService/GetIceServers?connect=v1&encoding=json&message=%7B%5B",
    "/ice.v1.IceService/GetIceServers?encoding=proto&base64=1&message=***",
    "/ice.v1.IceService/GetIceServers?encoding=proto&compression=zstd&message=",
    "/ice.v1.IceService/GetIceServers?encoding=json&compression=gzip&base64=1&message=AAAA",
    "/api/v1/ice-servers?ttlSeconds=x",
    "/api/v1/ice-servers:watch?ttlSeconds=x",
  ])("is refused as such by GET %s", async (path) => {
    for (const { headers, challenge: expected } of refusals) {
      const answer = await clients[version].send({ method: "GET", path, headers });
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toBe(expected);
      expect(readJson(answer.body)["code"]).toBe("unauthenticated");
    }
  });

  it("is told first that its method or its content type is unknown", async () => {
    const send = (request: HttpRequest) =>
      clients[version].send(request).then(({ status }) => status);
    expect(await send(post(unary, "text/plain"))).toBe(415);
    expect(await send(post(stream, "text/plain"))).toBe(415);
    expect(await send(post(stream, "application/json"))).toBe(415);
    expect(await send({ ...post(unary, "application/json"), method: "PUT" })).toBe(405);
    expect(await send({ ...post(stream, "application/grpc"), method: "GET" })).toBe(405);
  });

  it("leaves the connection to others that have one", async () => {
    const client = clients[version];
    const calls = Array.from({ length: 100 }, () =>
      client.send({
        path: unary,
        headers: { "content-type": "application/grpc" },
        body: envelop(Buffer.alloc(60_000)),
      }),
    );
    const answers = await Promise.all(calls);
    expect(new Set(answers.map((answer) => answer.headers["grpc-status"]))).toEqual(
      new Set(["16"]),
    );
    const good = await client?.send({
      path: unary,
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: Buffer.from("{}"),
    });
    expect(good?.status).toBe(200);
  });
});

describe("a client that waits to be asked for its body (Expect: 100-continue)", () => {
  /** Sends a head, and `{}` when it is asked to; resolves with all that came until the server closed. */
  async function expectOverHttp1(...lines: string[]): Promise<string> {
    const socket = connect(service.port, "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
      if (/^HTTP\/1\.1 100 Continue\r\n\r\n$/.test(received)) {
        socket.write("{}");
      }
    });
    const head = [`POST ${unary} HTTP/1.1`, "Host: x", "Expect: 100-continue", ...lines];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    await once(socket, "close");
    return received;
  }

  async function expectOverHttp2(headers: OutgoingHttpHeaders) {
    const session = connectHttp2(service.url);
    const stream = session.request({
      ":method": "POST",
      ":path": unary,
      expect: "100-continue",
      ...headers,
    });
    let isAsked = false;
    stream.on("continue", () => {
      isAsked = true;
      stream.end("{}");
    });
    const [head] = (await once(stream, "response")) as [IncomingHttpHeaders];
    await once(stream.resume(), "close");
    session.close();
    return { isAsked, status: head[":status"], grpcStatus: head["grpc-status"] };
  }

  it("is refused over HTTP/1.1 without being asked, and the connection is closed", async () => {
    const received = await expectOverHttp1("Content-Type: application/json", "Content-Length: 2");
    expect(received).toMatch(/^HTTP\/1\.1 401 /);
    expect(received).toMatch(/^connection: close\r$/im);
    const unknownType = await expectOverHttp1("Content-Type: text/plain", "Content-Length: 2");
    expect(unknownType).toMatch(/^HTTP\/1\.1 415 /);
  });

  it("cannot pass its body off as another request when it is refused", async () => {
    // The service ends its side with the answer.
    const socket = connect({ port: service.port, host: "127.0.0.1", allowHalfOpen: true });
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    const body = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    socket.write(
      `POST ${unary} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    await expect.poll(() => received).toContain("invalid auth token");
    socket.end(body.repeat(3));
    await once(socket, "close");
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 401"]);
  });

  it("is asked over HTTP/1.1 when its token is good", async () => {
    const received = await expectOverHttp1(
      `Authorization: Bearer ${token}`,
      "Content-Type: application/json",
      "Content-Length: 2",
      "Connection: close",
    );
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 100", "HTTP/1.1 200"]);
  });

  it("is refused over HTTP/2 without being asked, and asked when its token is good", async () => {
    expect(await expectOverHttp2({ "content-type": "application/json" })).toMatchObject({
      isAsked: false,
      status: 401,
    });
    expect(await expectOverHttp2({ "content-type": "application/grpc" })).toMatchObject({
      isAsked: false,
      grpcStatus: "16",
    });
    const authorization = `Bearer ${token}`;
    expect(
      await expectOverHttp2({ "content-type": "application/json", authorization }),
    ).toMatchObject({ isAsked: true, status: 200 });
  });
});
