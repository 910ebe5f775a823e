import { once } from "node:events";
import {
  Client,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { millisecondsFromNow } from "../parts/real-time.js";
import { useEchoServer } from "./echo-fixture.js";
import {
  decodeEchoResponse,
  type EchoRequest,
  type EchoResponse,
  encodeEchoRequest,
} from "./echo-message.js";
import { statusCodes } from "./status-codes.js";
import { path } from "./wire.js";

const echo = useEchoServer();
const data = Buffer.alloc(3000, "test response ").toString("base64");
const fields: EchoRequest = {
  headers: [{ name: "x-custom-header", values: ["foo", "bar"] }],
  trailers: [
    { name: "x-custom-trailer", values: ["bing"] },
    { name: "x-trailer-bin", values: ["AAEC/w"] },
  ],
};
const serialize = (request: EchoRequest) => encodeEchoRequest(request, "proto");
const deserialize = (bytes: Buffer) => decodeEchoResponse(bytes, "proto");

// grpc-js shares no code with Connect, and asks for what the gRPC protocol says.
describe.each([
  ["identity", compressionAlgorithms.identity],
  ["gzip", compressionAlgorithms.gzip],
])("a client of grpc-js with %s", (_, algorithm) => {
  let client: Client;
  beforeAll(() => {
    client = new Client(new URL(echo.url()).host, credentials.createInsecure(), {
      "grpc.default_compression_algorithm": algorithm,
    });
  });
  afterAll(() => client.close());

  const deadlineIn = (timeoutMs: number) => ({ deadline: millisecondsFromNow(timeoutMs) });

  function callUnary(request: EchoRequest, timeoutMs = 60_000) {
    const result: { error?: ServiceError; response?: EchoResponse } = {};
    const call = client.makeUnaryRequest(
      path("Echo"),
      serialize,
      deserialize,
      request,
      new Metadata(),
      deadlineIn(timeoutMs),
      (error, response) => Object.assign(result, error && { error }, response && { response }),
    );
    const metadata = once(call, "metadata").then(([received]) => received);
    metadata.catch(() => {});
    const end = once(call, "status").then(([received]) => received);
    return { call, metadata, end, result };
  }

  it("gets message, headers and trailers", async () => {
    const { metadata, end, result } = callUnary({ ...fields, data: [data] });
    const { code, metadata: trailers } = await end;
    expect(code).toBe(status.OK);
    expect(result.response?.data).toBe(data);
    expect(result.response?.seen?.timeoutMs).toBeGreaterThan(30_000);
    expect((await metadata).get("x-custom-header").join(", ")).toBe("foo, bar");
    expect(trailers.get("x-custom-trailer")).toEqual(["bing"]);
    expect(trailers.get("x-trailer-bin")).toEqual([Buffer.from([0, 1, 2, 255])]);
  });

  it.each(statusCodes)("gets the code $name with its message", async ({ number }) => {
    const message = "100% ☺\nsecond line";
    const { result, end } = callUnary({ failure: { code: number, message } });
    const { metadata } = await end;
    expect(result.error).toMatchObject({ code: number, details: message });
    expect(metadata.get("grpc-status-details-bin")).toHaveLength(1);
  });

  it("ends by its deadline", async () => {
    expect(await callUnary({ delayMs: 5000 }, 100).end).toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
  });

  it("cancels a call at the server", async () => {
    const name = `grpc-js ${algorithm}`;
    const { call, end } = callUnary({ call: name, delayMs: 5000 });
    await expect.poll(() => echo.stateOf(name), { interval: 5 }).toBe("running");
    call.cancel();
    expect(await end).toMatchObject({ code: status.CANCELLED });
    await expect.poll(() => echo.stateOf(name), { interval: 5 }).toBe("canceled");
  });

  async function callStream(request: EchoRequest) {
    const stream = client.makeServerStreamRequest(
      path("EchoStream"),
      serialize,
      deserialize,
      request,
      new Metadata(),
      deadlineIn(60_000),
    );
    const read: (string | undefined)[] = [];
    stream.on("data", (message: EchoResponse) => read.push(message.data));
    stream.on("error", () => {});
    const drained = new Promise((resolve) => stream.on("end", resolve));
    const end = await new Promise<StatusObject>((resolve) => stream.on("status", resolve));
    await drained;
    return { read, end };
  }

  it("reads a stream to its end, with the trailers there", async () => {
    const { read, end } = await callStream({ ...fields, data: [data, data, data] });
    expect(read).toEqual([data, data, data]);
    expect(end.code).toBe(status.OK);
    expect(end.metadata.get("x-custom-trailer")).toEqual(["bing"]);
  });

  // grpc-js may drop the last messages before an error, so they are not looked at.
  it("gets the error at the end of a stream", async () => {
    const failure = { code: 13, message: "server stream failed" };
    const { end } = await callStream({ ...fields, data: [data, data], failure });
    expect(end).toMatchObject({ code: status.INTERNAL, details: "server stream failed" });
    expect(end.metadata.get("x-custom-trailer")).toEqual(["bing"]);
  });
});
