import { describe, expect, it } from "vitest";
import { useEchoServer } from "./echo-fixture.js";
import { decodeEchoResponse, type EchoRequest } from "./echo-message.js";
import { endStreamFlag, splitEnvelopes, trailersFlag } from "./envelope.js";
import { listWires, type Method, protoWires, type Wire, writeRequest } from "./wire.js";

const echo = useEchoServer();
const data = Buffer.from("test response").toString("base64");
const trailers = [{ name: "X-Custom-Trailer", values: ["bing"] }];
const wiresOf = (...protocols: Wire["protocol"][]) =>
  listWires(["proto", "json"], ["identity"]).filter(({ protocol }) => protocols.includes(protocol));

const send = (wire: Wire, method: Method, request: EchoRequest) =>
  echo.send(wire.httpVersion, writeRequest(wire, { method, request }));

// The checks of the official reference client, each shown once on the bytes themselves.
describe.each(wiresOf("grpc"))("a gRPC answer ($name)", (wire) => {
  it("is headers, one message, and trailers with the status", async () => {
    const http = await send(wire, "Echo", { data: [data], trailers });
    expect(http.status).toBe(200);
    expect(http.headers["content-type"]).toBe(`application/grpc+${wire.codec}`);
    expect(http.headers).not.toHaveProperty("grpc-status");
    expect(http.trailers).toEqual({ "grpc-status": "0", "x-custom-trailer": "bing" });
    expect(splitEnvelopes(http.body)).toMatchObject([{ flags: 0 }]);
  });

  it("has no message where the call failed, and the status once", async () => {
    const http = await send(wire, "Echo", { failure: { code: 5, message: "no ☺ here, 100%" } });
    expect(http.body).toHaveLength(0);
    const status = [http.headers, http.trailers].filter((fields) => "grpc-status" in fields);
    expect(status).toHaveLength(1);
    expect(status[0]).toMatchObject({ "grpc-status": "5" });
    expect(status[0]?.["grpc-message"]?.replaceAll("%20", " ").replaceAll("%2C", ",")).toBe(
      "no %E2%98%BA here, 100%25",
    );
    expect(status[0]?.["grpc-status-details-bin"]).toMatch(/^[A-Za-z0-9+/]+$/);
  });
});

describe.each(wiresOf("grpc-web"))("a gRPC-Web answer ($name)", (wire) => {
  it("is one message, and a frame of trailers in lower case", async () => {
    const http = await send(wire, "Echo", { data: [data], trailers });
    expect(http.headers["content-type"]).toBe(`application/grpc-web+${wire.codec}`);
    expect(http.trailers).toEqual({});
    const [message, end, ...others] = splitEnvelopes(http.body);
    expect(others).toEqual([]);
    expect([message?.flags, end?.flags]).toEqual([0, trailersFlag]);
    const lines = end?.bytes.toString().replaceAll(": ", ":").split("\r\n").sort();
    expect(lines).toEqual(["", "grpc-status:0", "x-custom-trailer:bing"]);
  });

  it("has the frame of trailers alone where a stream has no messages", async () => {
    const http = await send(wire, "EchoStream", { trailers });
    expect(splitEnvelopes(http.body).map(({ flags }) => flags)).toEqual([trailersFlag]);
  });
});

describe.each(wiresOf("connect", "connect-get"))("a unary Connect answer ($name)", (wire) => {
  it("is the bare message, its trailers are headers with a prefix", async () => {
    const http = await send(wire, wire.protocol === "connect" ? "Echo" : "EchoIdempotent", {
      data: [data],
      trailers,
    });
    expect(http.status).toBe(200);
    expect(http.headers["content-type"]).toBe(`application/${wire.codec}`);
    expect(http.headers["trailer-x-custom-trailer"]).toBe("bing");
    expect(http.headers["content-length"]).toBe(String(http.body.length));
    expect(http.trailers).toEqual({});
    expect(decodeEchoResponse(http.body, wire.codec).data).toBe(data);
  });
});

describe.each(wiresOf("connect"))("a Connect stream ($name)", (wire) => {
  const lastOf = (body: Buffer) => JSON.parse(splitEnvelopes(body).at(-1)?.bytes.toString() ?? "");

  it("is messages and one end in JSON, with the trailers", async () => {
    const http = await send(wire, "EchoStream", { data: [data, data], trailers });
    expect(http.headers["content-type"]).toBe(`application/connect+${wire.codec}`);
    expect(splitEnvelopes(http.body).map(({ flags }) => flags)).toEqual([0, 0, endStreamFlag]);
    expect(lastOf(http.body)).toEqual({ metadata: { "x-custom-trailer": ["bing"] } });
  });

  it("has its error in the end", async () => {
    const failure = { code: 14, message: "overloaded" };
    const http = await send(wire, "EchoStream", { data: [data], failure });
    expect(lastOf(http.body)).toMatchObject({
      error: { code: "unavailable", message: "overloaded" },
    });
  });
});

describe.each(protoWires)("any answer ($name)", (wire) => {
  it("stays out of caches, and is not guessed at", async () => {
    const { http } = await echo.call(wire, {});
    expect(http.headers["cache-control"]).toBe("no-store");
    expect(http.headers["x-content-type-options"]).toBe("nosniff");
  });
});
