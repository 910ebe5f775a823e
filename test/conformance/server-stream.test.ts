import { describe, expect, it } from "vitest";
import { listValues } from "./answer.js";
import { useEchoServer } from "./echo-fixture.js";
import { decodeSeen, type EchoRequest } from "./echo-message.js";
import { statusCodes } from "./status-codes.js";
import { allWires, canStream, protoWires } from "./wire.js";

const echo = useEchoServer();
const method = "EchoStream";
const data = Buffer.from("test response").toString("base64");
const fields: EchoRequest = {
  headers: [{ name: "x-custom-header", values: ["foo", "bar", "baz"] }],
  trailers: [{ name: "x-custom-trailer", values: ["bing", "quux"] }],
};

// Suites: Basic, Duplicate Metadata, Server Empty Requests.
describe.each(allWires.filter(canStream))("a server stream ($name)", (wire) => {
  const send = (request: EchoRequest, headers = {}) =>
    echo.call(wire, { method, request, headers });

  it.each([0, 1, 2, 100])("carries %i messages in their order", async (count) => {
    const sent = Array.from({ length: count }, (_, i) => Buffer.from(`${i}`).toString("base64"));
    const { messages, error } = await send({ data: sent });
    expect(error).toBeUndefined();
    expect(messages.map((message) => message.data)).toEqual(sent);
  });

  it("shows the server the request as sent", async () => {
    const request = { data: [data, data] };
    const { messages } = await send(request, { "X-Conformance-Test": ["Value1", "Value2"] });
    const seen = messages[0]?.seen;
    expect(seen?.request).toEqual(request);
    expect(seen?.headers).toContainEqual({
      name: "x-conformance-test",
      values: ["Value1, Value2"],
    });
    expect(messages[1]?.seen).toBeUndefined();
  });

  it.each<[string, string[]]>([
    ["no message", []],
    ["two messages", [data, data]],
  ])("carries headers and trailers around %s", async (_, sent) => {
    const { headers, trailers, error } = await send({ ...fields, data: sent });
    expect(error).toBeUndefined();
    expect(listValues(headers, "x-custom-header")).toEqual(["foo", "bar", "baz"]);
    expect(listValues(trailers, "x-custom-trailer")).toEqual(["bing", "quux"]);
    expect(headers).not.toHaveProperty("x-custom-trailer");
  });

  it("carries binary trailers without padding", async () => {
    const trailers = [{ name: "x-trailer-bin", values: ["/wIBAA"] }];
    const answer = await send({ data: [data], trailers });
    expect(answer.trailers["x-trailer-bin"]).toBe("/wIBAA");
  });

  it("carries messages that are worth compressing", async () => {
    const large = Buffer.alloc(3000, "large ").toString("base64");
    const { messages } = await send({ data: [large, large] });
    expect(messages.map((message) => message.data)).toEqual([large, large]);
  });

  it("takes an empty message for a message", async () => {
    const { messages, error } = await send({});
    expect(error).toBeUndefined();
    expect(messages).toEqual([]);
  });

  // Suites: Errors, Duplicate Metadata.
  it("carries an error after messages, with headers and trailers", async () => {
    const failure = { code: 13, message: "server stream failed" };
    const answer = await send({ ...fields, data: [data, data], failure });
    expect(answer.messages.map((message) => message.data)).toEqual([data, data]);
    expect(answer.error).toEqual({ code: "internal", message: failure.message, details: [] });
    expect(listValues(answer.headers, "x-custom-header")).toEqual(["foo", "bar", "baz"]);
    expect(listValues(answer.trailers, "x-custom-trailer")).toEqual(["bing", "quux"]);
  });

  it("carries an error before any message, with headers, trailers and details", async () => {
    const request = { ...fields, failure: { code: 13, message: "server stream failed" } };
    const { messages, metadata, error } = await send(request);
    expect(messages).toEqual([]);
    expect(error).toMatchObject({ code: "internal", message: "server stream failed" });
    expect(error?.details.map(({ value }) => decodeSeen(value).request)).toEqual([request]);
    expect(listValues(metadata, "x-custom-header")).toEqual(["foo", "bar", "baz"]);
    expect(listValues(metadata, "x-custom-trailer")).toEqual(["bing", "quux"]);
  });
});

// Suite: Errors.
describe.each(protoWires.filter(canStream))("a failed server stream ($name)", (wire) => {
  it.each(statusCodes)("carries the code $name with HTTP status 200", async ({ name, number }) => {
    const request = { failure: { code: number, message: name } };
    const { http, error } = await echo.call(wire, { method, request });
    expect(error).toMatchObject({ code: name, message: name });
    expect(http.status).toBe(200);
  });

  it("carries white space and Unicode in its message", async () => {
    const message = "\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\n";
    const request = { data: [data], failure: { code: 13, message } };
    expect((await echo.call(wire, { method, request })).error?.message).toBe(message);
  });
});
