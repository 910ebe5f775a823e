import { describe, expect, it } from "vitest";
import { type Answer, listValues } from "./answer.js";
import { useEchoServer } from "./echo-fixture.js";
import { allWires, type WireCall } from "./wire.js";

const echo = useEchoServer();
const data = Buffer.from("test response").toString("base64");
const seenFields = (answer: Answer) =>
  Object.fromEntries(
    (answer.messages[0]?.seen?.headers ?? []).map(({ name, values }) => [name, values.join(", ")]),
  );

// Suites: Basic, Duplicate Metadata, Server Empty Requests.
describe.each(allWires)("a unary call ($name)", (wire) => {
  const send = (spec: WireCall) => echo.call(wire, spec);

  it("gets the message, and the server sees the request as sent", async () => {
    const request = { data: [data] };
    const answer = await send({ request });
    expect(answer.error).toBeUndefined();
    expect(answer.messages).toMatchObject([{ data, seen: { request } }]);
  });

  it("carries headers both ways, several values of one name included", async () => {
    const request = {
      data: [data],
      headers: [{ name: "x-custom-header", values: ["foo", "bar", "baz"] }],
      trailers: [{ name: "x-custom-trailer", values: ["bing", "quux"] }],
    };
    const headers = { "X-Conformance-Test": ["Value1", "Value2"] };
    const answer = await send({ request, headers });
    expect(listValues(seenFields(answer), "x-conformance-test")).toEqual(["Value1", "Value2"]);
    expect(listValues(answer.headers, "x-custom-header")).toEqual(["foo", "bar", "baz"]);
    expect(listValues(answer.trailers, "x-custom-trailer")).toEqual(["bing", "quux"]);
    expect(answer.headers).not.toHaveProperty("x-custom-trailer");
    expect(answer.trailers).not.toHaveProperty("x-custom-header");
  });

  it("carries binary headers as they are, padded or not", async () => {
    const request = {
      headers: [{ name: "x-header-bin", values: ["AAEC/w"] }],
      trailers: [{ name: "x-trailer-bin", values: ["/wIBAA"] }],
    };
    const answer = await send({ request, headers: { "x-padded-bin": "AAEC/w==" } });
    expect(seenFields(answer)["x-padded-bin"]).toBe("AAEC/w==");
    expect(answer.headers["x-header-bin"]).toBe("AAEC/w");
    expect(answer.trailers["x-trailer-bin"]).toBe("/wIBAA");
  });

  it("takes an empty message for a message", async () => {
    const answer = await send({ request: {} });
    expect(answer.error).toBeUndefined();
    expect(answer.messages).toMatchObject([{ seen: { request: {} } }]);
  });

  it("carries a message that is worth compressing", async () => {
    const large = Buffer.alloc(3000, "large ").toString("base64");
    const answer = await send({ request: { data: [large] } });
    expect(answer.messages[0]?.data).toBe(large);
  });

  it("ends with unimplemented where the method has no implementation", async () => {
    const answer = await send({ method: "EchoNever" });
    expect(answer.error?.code).toBe("unimplemented");
    expect(answer.messages).toEqual([]);
  });
});
