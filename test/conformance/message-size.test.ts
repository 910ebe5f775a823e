import { describe, expect, it } from "vitest";
import { useEchoServer } from "./echo-fixture.js";
import { encodeEchoRequest } from "./echo-message.js";
import { readMaxBytes } from "./echo-server.js";
import { envelop } from "./envelope.js";
import { canStream, listWires, protoWires, readAnswer, writeRequest } from "./wire.js";

const echo = useEchoServer();
const calls = listWires(["proto"], ["identity", "gzip", "br"])
  // A request line is too short for this, unless the message is compressed.
  .filter(({ protocol, compression }) => protocol !== "connect-get" || compression !== "identity")
  .flatMap((wire) =>
    (canStream(wire) ? (["Echo", "EchoStream"] as const) : (["Echo"] as const)).map((method) => ({
      title: `${method}, ${wire.name}`,
      wire,
      method,
    })),
  );
const data = "dGVzdCByZXNwb25zZQ==";

/** A request of this many bytes as protobuf. */
function sizeRequest(bytes: number) {
  const write = (padding: number) => ({
    data: [data],
    padding: Buffer.alloc(padding).toString("base64"),
  });
  const guess = bytes - 100;
  const excess = encodeEchoRequest(write(guess), "proto").byteLength - bytes;
  return write(guess - excess);
}

// Suite: Server Message Size. The limit applies after decompression.
describe.each(calls)("the limit of a message ($title)", ({ wire, method }) => {
  it.each([readMaxBytes - 1, readMaxBytes])("lets %i bytes through", async (bytes) => {
    const request = sizeRequest(bytes);
    expect(encodeEchoRequest(request, "proto").byteLength).toBe(bytes);
    const { error, messages } = await echo.call(wire, { method, request });
    expect(error).toBeUndefined();
    expect(messages.map((message) => message.data)).toEqual([data]);
  });

  it.each([readMaxBytes + 1, readMaxBytes + 10, readMaxBytes * 4])(
    "refuses %i bytes",
    async (bytes) => {
      const { error, messages } = await echo.call(wire, { method, request: sizeRequest(bytes) });
      expect(error?.code).toBe("resource_exhausted");
      expect(messages).toEqual([]);
    },
  );
});

describe.each(protoWires.filter(canStream))("the limit of a message ($name)", (wire) => {
  const method = "EchoStream";

  it("is not for the answer", async () => {
    const request = sizeRequest(readMaxBytes);
    const { messages } = await echo.call(wire, { method: "Echo", request });
    expect(encodeEchoRequest(messages[0]?.seen?.request ?? {}, "proto")).toHaveLength(readMaxBytes);
  });

  it("holds for a length that is announced and never comes", async () => {
    const body = envelop(Buffer.alloc(100));
    body.writeUInt32BE(0xffff_ffff, 1);
    const http = await echo.send(wire.httpVersion, { ...writeRequest(wire, { method }), body });
    expect(readAnswer(wire, http, method).error?.code).toBe("resource_exhausted");
  });
});
