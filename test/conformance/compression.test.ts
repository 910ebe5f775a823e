import { describe, expect, it } from "vitest";
import { listValues } from "./answer.js";
import { useEchoServer } from "./echo-fixture.js";
import { encodeEchoRequest } from "./echo-message.js";
import {
  type Compression,
  compress,
  compressedFlag,
  envelop,
  envelopCompressed,
  splitEnvelopes,
} from "./envelope.js";
import {
  canStream,
  listWires,
  type Method,
  nameFields,
  protoWires,
  readAnswer,
  type Wire,
  writeRequest,
} from "./wire.js";

const echo = useEchoServer();
/** Large and even, so that any server finds it worth compressing, yet with room in a request line. */
const large = Buffer.alloc(6000, "large ").toString("base64");
const calls = protoWires.flatMap((wire) =>
  (canStream(wire) ? (["Echo", "EchoStream"] as const) : (["Echo"] as const)).map((method) => ({
    title: `${method}, ${wire.name}`,
    wire,
    method,
  })),
);
/** The calls whose request is a message in an envelope. */
const enveloped = calls.filter(
  ({ wire, method }) => wire.protocol.startsWith("grpc") || method === "EchoStream",
);
const supported = ["br", "gzip"];
const unsupported = ["deflate", "zstd", "snappy", "foo"];

/** Sends a body of envelopes as it is, with the given encoding declared. */
async function sendEnvelopes(wire: Wire, method: Method, encoding: string, ...body: Buffer[]) {
  const headers = { [nameFields(wire, method).encoding]: encoding };
  const request = { ...writeRequest(wire, { method, headers }), body };
  return readAnswer(wire, await echo.send(wire.httpVersion, request), method);
}

// gRPC compression.md; https://connectrpc.com/docs/protocol#unary-request on Accept-Encoding.
describe.each(calls)("the answer's encoding ($title)", ({ wire, method }) => {
  it.each([
    { accepted: "gzip", encoding: "gzip" },
    { accepted: "br", encoding: "br" },
    { accepted: "gzip,br", encoding: "gzip" },
    { accepted: "br, gzip", encoding: "br" },
    { accepted: "zstd, snappy, gzip", encoding: "gzip" },
    { accepted: "identity", encoding: undefined },
    { accepted: "zstd", encoding: undefined },
  ])("is $encoding where the client accepts $accepted", async ({ accepted, encoding }) => {
    const fields = nameFields(wire, method);
    const answer = await echo.call(wire, {
      method,
      request: { data: [large] },
      headers: { [fields.acceptEncoding]: accepted },
    });
    expect(answer.messages[0]?.data).toBe(large);
    expect(answer.http.headers[fields.encoding]).toBe(encoding);
  });

  it.each<Compression>(["gzip", "br"])(
    "may be that of the request, %s, where the client accepts none by name",
    async (compression) => {
      const fields = nameFields(wire, method);
      const { [fields.acceptEncoding]: _, ...headers } =
        writeRequest({ ...wire, compression }, { method }).headers ?? {};
      const request = {
        ...writeRequest({ ...wire, compression }, { method, request: { data: [large] } }),
        headers,
      };
      const http = await echo.send(wire.httpVersion, request);
      expect(readAnswer(wire, http, method).messages[0]?.data).toBe(large);
      expect([compression, undefined]).toContain(http.headers[fields.encoding]);
    },
  );

  it("is honoured in an error too", async () => {
    const message = "long ".repeat(800);
    const headers = { [nameFields(wire, method).acceptEncoding]: "gzip" };
    const request = { failure: { code: 13, message } };
    const { error } = await echo.call(wire, { method, request, headers });
    expect(error).toMatchObject({ code: "internal", message });
  });
});

// Suites: … Unexpected Requests, unexpected-compression.
describe.each(calls)("an unknown encoding of the request ($title)", ({ wire, method }) => {
  it.each(unsupported)("%s: unimplemented, with the list of the known ones", async (encoding) => {
    const fields = nameFields(wire, method);
    const headers = { [fields.encoding]: encoding };
    const request = writeRequest(wire, { method, headers });
    const path = request.path.replace("?", `?compression=${encoding}&`);
    const http = await echo.send(wire.httpVersion, { ...request, path });
    const { error, metadata } = readAnswer(wire, http, method);
    expect(error?.code).toBe("unimplemented");
    expect(error?.message).toContain("gzip");
    // gRPC lists the encoding that changes nothing as well.
    const known = wire.protocol.startsWith("grpc") ? [...supported, "identity"] : supported;
    expect(listValues(metadata, fields.acceptEncoding).sort()).toEqual(known);
  });
});

// Suites: … Unexpected Requests, unexpected-compressed-message.
describe.each(enveloped)("a flag of compression ($title)", ({ wire, method }) => {
  const message = encodeEchoRequest({ data: [large] }, "proto");

  it.each(["identity", ""])("is refused under the encoding %j", async (encoding) => {
    const { error } = await sendEnvelopes(wire, method, encoding, envelop(message, compressedFlag));
    expect(["internal", "unimplemented"]).toContain(error?.code);
  });

  it("is refused without an encoding", async () => {
    const request = writeRequest(wire, { method });
    const body = envelop(message, compressedFlag);
    const http = await echo.send(wire.httpVersion, { ...request, body });
    expect(readAnswer(wire, http, method).error?.code).toBe("internal");
  });

  it.each<Compression>(["gzip", "br"])("may be absent under %s", async (encoding) => {
    const { messages } = await sendEnvelopes(wire, method, encoding, envelop(message));
    expect(messages[0]?.data).toBe(large);
  });

  it("may stand on a message of no bytes", async () => {
    const { error } = await sendEnvelopes(
      wire,
      method,
      "gzip",
      envelop(Buffer.alloc(0), compressedFlag),
    );
    expect(error).toBeUndefined();
  });

  it.each<[string, Compression, Buffer]>([
    ["no gzip", "gzip", Buffer.from("this is no gzip")],
    ["no brotli", "br", Buffer.alloc(64, 0xff)],
    ["gzip cut short", "gzip", compress(message, "gzip").subarray(0, 20)],
    ["brotli cut short", "br", compress(message, "br").subarray(0, 10)],
  ])("is refused over %s", async (_, encoding, bytes) => {
    const { error } = await sendEnvelopes(wire, method, encoding, envelop(bytes, compressedFlag));
    expect(["invalid_argument", "internal"]).toContain(error?.code);
  });
});

describe.each(enveloped)("the flags of the answer ($title)", ({ wire, method }) => {
  it("say for each message whether it is compressed", async () => {
    const { acceptEncoding } = nameFields(wire, method);
    const request = writeRequest(wire, {
      method,
      request: { data: [large] },
      headers: { [acceptEncoding]: "gzip" },
    });
    const { body } = await echo.send(wire.httpVersion, request);
    expect((splitEnvelopes(body)[0]?.flags ?? 0) & compressedFlag).toBe(compressedFlag);
  });
});

const bare = listWires(["proto", "json"], ["identity"]).filter(
  ({ protocol }) => protocol === "connect",
);

describe.each(bare)("Content-Encoding of a Connect request ($name)", (wire) => {
  const send = async (encoding: string, body: Buffer) => {
    const request = writeRequest(wire, { headers: { "content-encoding": encoding } });
    return readAnswer(wire, await echo.send(wire.httpVersion, { ...request, body }));
  };

  it.each<Compression>(["gzip", "br", "identity"])("%s is undone", async (encoding) => {
    const body = compress(encodeEchoRequest({ data: [large] }, wire.codec), encoding);
    expect((await send(encoding, body)).messages[0]?.data).toBe(large);
  });

  it.each<[string, Compression, Buffer]>([
    ["no gzip", "gzip", Buffer.from("this is no gzip")],
    ["gzip cut short", "gzip", compress(encodeEchoRequest({}, "json"), "gzip").subarray(0, 12)],
    ["an envelope", "gzip", envelopCompressed(encodeEchoRequest({}, "json"), "gzip")],
    ["brotli that breaks off", "br", Buffer.from([16, 120])],
  ])("of %s is refused", async (_, encoding, body) => {
    const { error } = await send(encoding, body);
    expect(error?.code).toBe("invalid_argument");
  });
});

describe.each(bare.filter(({ codec }) => codec === "proto"))(
  "Content-Encoding of nothing ($name)",
  (wire) => {
    it.each(["gzip", "br"])("%s is not undone", async (encoding) => {
      const request = writeRequest(wire, { headers: { "content-encoding": encoding } });
      const http = await echo.send(wire.httpVersion, { ...request, body: Buffer.alloc(0) });
      expect(readAnswer(wire, http).messages).toMatchObject([{ seen: { request: {} } }]);
    });
  },
);
