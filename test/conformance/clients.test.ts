import { fromJson, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { type Compression, createAsyncIterable } from "@connectrpc/connect/protocol";
import {
  compressionBrotli,
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { beforeAll, describe, expect, it } from "vitest";
import {
  EchoRequestSchema,
  EchoResponseSchema,
  EchoService,
  SeenSchema,
} from "../schemas/gen/echo_pb.js";
import { useEchoServer } from "./echo-fixture.js";
import { type EchoRequest, toEchoResponse } from "./echo-message.js";
import { statusCodes } from "./status-codes.js";
import { allWires, protoWires, type Wire } from "./wire.js";

const echo = useEchoServer();
const data = Buffer.alloc(3000, "test response ").toString("base64");
const fields: EchoRequest = {
  headers: [{ name: "x-custom-header", values: ["foo", "bar", "baz"] }],
  trailers: [{ name: "x-custom-trailer", values: ["bing", "quux"] }],
};

const compressions: Record<Wire["compression"], Compression[]> = {
  identity: [],
  gzip: [compressionGzip],
  br: [compressionBrotli],
};

function toMessage(request: EchoRequest): MessageShape<typeof EchoRequestSchema> {
  const json: JsonValue = JSON.parse(JSON.stringify(request));
  return fromJson(EchoRequestSchema, json);
}

function createTransport({ protocol, httpVersion, codec, compression }: Wire): Transport {
  const [sendCompression] = compressions[compression];
  const options = {
    baseUrl: echo.url(),
    useBinaryFormat: codec === "proto",
    ...(sendCompression && { sendCompression }),
    acceptCompression: compressions[compression],
    compressMinBytes: 0,
  };
  switch (protocol) {
    case "grpc":
      return createGrpcTransport(options);
    case "grpc-web":
      return createGrpcWebTransport({ ...options, httpVersion });
    case "connect":
      return createConnectTransport({ ...options, httpVersion });
    case "connect-get":
      return createConnectTransport({ ...options, httpVersion, useHttpGet: true });
  }
}

// The clients of @connectrpc/connect-node, which share no code with the raw ones beside them.
describe.each(allWires)("a client of connect-node ($name)", (wire) => {
  let transport: Transport;
  beforeAll(() => {
    transport = createTransport(wire);
  });
  const { echoIdempotent, echoStream } = EchoService.method;
  const httpMethod = wire.protocol === "connect-get" ? "GET" : "POST";
  const unary = (request: EchoRequest, timeoutMs?: number) =>
    transport.unary(echoIdempotent, undefined, timeoutMs, { "X-Test": "a" }, toMessage(request));

  it("gets message, headers and trailers", async () => {
    const { message, header, trailer } = await unary({ ...fields, data: [data] }, 60_000);
    const answer = toEchoResponse(toJson(EchoResponseSchema, message));
    expect(answer.data).toBe(data);
    expect(answer.seen).toMatchObject({ httpMethod });
    expect(answer.seen?.timeoutMs).toBeGreaterThan(30_000);
    expect(answer.seen?.headers).toContainEqual({ name: "x-test", values: ["a"] });
    expect(header.get("x-custom-header")).toBe("foo, bar, baz");
    expect(trailer.get("x-custom-trailer")).toBe("bing, quux");
  });

  it("gets code, message, details and metadata of an error", async () => {
    const failure = { code: 9, message: "not ☺ now" };
    const error = await unary({ ...fields, failure }).then(() => undefined, ConnectError.from);
    expect(error).toMatchObject({ code: Code.FailedPrecondition, rawMessage: "not ☺ now" });
    expect(error?.findDetails(SeenSchema)).toHaveLength(1);
    expect(error?.metadata.get("x-custom-header")).toBe("foo, bar, baz");
    expect(error?.metadata.get("x-custom-trailer")).toBe("bing, quux");
  });

  it("reads a stream to its end, with the error there", async () => {
    const failure = { code: 13, message: "server stream failed" };
    const input = createAsyncIterable([toMessage({ ...fields, data: [data, data], failure })]);
    const stream = await transport.stream(echoStream, undefined, undefined, undefined, input);
    const read: unknown[] = [];
    const end = await (async () => {
      for await (const message of stream.message) {
        read.push(toEchoResponse(toJson(EchoResponseSchema, message)).data);
      }
    })().then(() => undefined, ConnectError.from);
    expect(read).toEqual([data, data]);
    expect(end).toMatchObject({ code: Code.Internal, rawMessage: "server stream failed" });
    expect(stream.header.get("x-custom-header")).toBe("foo, bar, baz");
    expect(end?.metadata.get("x-custom-trailer")).toBe("bing, quux");
  });
});

describe.each(protoWires)("a client of connect-node ($name)", (wire) => {
  const call = (request: EchoRequest, timeoutMs?: number, signal?: AbortSignal) =>
    createTransport(wire).unary(
      EchoService.method.echo,
      signal,
      timeoutMs,
      undefined,
      toMessage(request),
    );

  it.each(statusCodes)("tells the code $name", async ({ number }) => {
    await expect(call({ failure: { code: number } })).rejects.toMatchObject({ code: number });
  });

  it("ends by its deadline, and by its signal", async () => {
    const slow = { delayMs: 5000 };
    await expect(call(slow, 100)).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    const signal = AbortSignal.timeout(100);
    await expect(call(slow, undefined, signal)).rejects.toMatchObject({ code: Code.Canceled });
  });
});
