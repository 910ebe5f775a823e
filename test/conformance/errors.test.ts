import { describe, expect, it } from "vitest";
import { listValues } from "./answer.js";
import { useEchoServer } from "./echo-fixture.js";
import { decodeSeen } from "./echo-message.js";
import { statusCodes } from "./status-codes.js";
import { allWires, protoWires } from "./wire.js";

const echo = useEchoServer();
const connectWires = protoWires.filter(({ protocol }) => protocol.startsWith("connect"));

// Suite: Errors.
describe.each(protoWires)("a failed unary call ($name)", (wire) => {
  it.each(statusCodes)("carries the code $name", async ({ name, number }) => {
    const message = name.replaceAll("_", " ");
    const { error } = await echo.call(wire, { request: { failure: { code: number, message } } });
    expect(error).toMatchObject({ code: name, message });
  });

  it.each<[string, string]>([
    ["white space and Unicode", "\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\n"],
    ["a percent sign", "100% sure, %41 is no A"],
    ["spaces at both ends", "  spaced  "],
    ["quotes and backslashes", '"\\"'],
    ["nothing at all", ""],
    ["4000 characters", "long ".repeat(800)],
  ])("carries a message of %s", async (_, message) => {
    const { error } = await echo.call(wire, { request: { failure: { code: 13, message } } });
    expect(error).toMatchObject({ code: "internal", message });
  });
});

// Suites: Errors, Duplicate Metadata.
describe.each(allWires)("a failed unary call ($name)", (wire) => {
  const failure = {
    code: 9,
    message: "not in this state",
    details: [
      { typeUrl: "type.googleapis.com/google.rpc.RetryInfo", value: "CgIIPA==" },
      { typeUrl: "type.googleapis.com/google.protobuf.Empty" },
    ],
  };

  it("carries the details in their order", async () => {
    const request = { failure };
    const { error } = await echo.call(wire, { request });
    expect(error?.details.map(({ type }) => type)).toEqual([
      "google.rpc.RetryInfo",
      "google.protobuf.Empty",
      "test.conformance.v1.Seen",
    ]);
    expect(error?.details[0]?.value.toString("hex")).toBe("0a02083c");
    expect(error?.details[1]?.value.byteLength).toBe(0);
    expect(decodeSeen(error?.details[2]?.value ?? Buffer.alloc(0)).request).toEqual(request);
  });

  it("carries headers and trailers", async () => {
    const request = {
      failure,
      headers: [{ name: "x-custom-header", values: ["foo", "bar", "baz"] }],
      trailers: [{ name: "x-custom-trailer", values: ["bing", "quux"] }],
    };
    const { metadata, messages } = await echo.call(wire, { request });
    expect(listValues(metadata, "x-custom-header")).toEqual(["foo", "bar", "baz"]);
    expect(listValues(metadata, "x-custom-trailer")).toEqual(["bing", "quux"]);
    expect(messages).toEqual([]);
  });
});

// Suite: Errors, with the table of https://connectrpc.com/docs/protocol#error-codes.
describe.each(connectWires)("a Connect error ($name)", (wire) => {
  it.each(statusCodes)("$name has HTTP status $httpStatus", async ({ number, httpStatus }) => {
    const { http } = await echo.call(wire, { request: { failure: { code: number } } });
    expect(http.status).toBe(httpStatus);
    expect(http.headers["content-type"]).toBe("application/json");
  });

  it("is JSON with code, message and details of unpadded base64", async () => {
    const details = [{ typeUrl: "type.googleapis.com/google.rpc.RetryInfo", value: "CgIIPA==" }];
    const failure = { code: 14, message: "overloaded: back off and retry", details };
    const { http } = await echo.call(wire, { request: { failure } });
    expect(JSON.parse(http.body.toString())).toMatchObject({
      code: "unavailable",
      message: "overloaded: back off and retry",
      details: [{ type: "google.rpc.RetryInfo", value: "CgIIPA" }, {}],
    });
  });

  it("has the same in a detail's debug as in its value", async () => {
    const request = { call: "debug", failure: { code: 14 } };
    const { http, error } = await echo.call(wire, { request });
    const seen = decodeSeen(error?.details[0]?.value ?? Buffer.alloc(0));
    expect(JSON.parse(http.body.toString())).toMatchObject({ details: [{ debug: seen }] });
  });
});
