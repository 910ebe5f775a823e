import { describe, expect, it } from "vitest";
import { useEchoServer } from "./echo-fixture.js";
import { encodeEchoRequest } from "./echo-message.js";
import { compress } from "./envelope.js";
import type { HttpVersion } from "./http-client.js";
import { listWires, path, readAnswer } from "./wire.js";

const echo = useEchoServer();
const wires = listWires(["proto", "json"], ["identity"]).filter(
  ({ protocol }) => protocol === "connect-get",
);
/** Has the characters in which the alphabets of base64 differ, and an odd length. */
const request = { call: "get", data: ["+/+/+/8="] };

const get = (httpVersion: HttpVersion, query: string, headers = {}) =>
  echo.send(httpVersion, { method: "GET", path: `${path("EchoIdempotent")}?${query}`, headers });

// Suite: Connect with GET; https://connectrpc.com/docs/protocol#unary-get-request.
describe.each(wires)("a Connect GET ($name)", (wire) => {
  const { codec, httpVersion } = wire;
  const bytes = encodeEchoRequest(request, codec);
  const urlSafe = bytes.toString("base64url");
  const call = async (query: string, headers = {}) =>
    readAnswer(wire, await get(httpVersion, query, headers));
  const padded = urlSafe + "=".repeat((4 - (urlSafe.length % 4)) % 4);

  it("shows the handler the method and the query", async () => {
    const query = `connect=v1&base64=1&encoding=${codec}&message=${urlSafe}`;
    const { messages } = await call(query);
    expect(messages[0]?.seen).toMatchObject({ httpMethod: "GET", query, request });
  });

  it.each<[string, string]>([
    ["without padding", `base64=1&encoding=${codec}&message=${urlSafe}`],
    ["with padding", `base64=1&encoding=${codec}&message=${encodeURIComponent(padded)}`],
    ["in any order", `message=${urlSafe}&encoding=${codec}&connect=v1&base64=1`],
    ["beside others", `a=b&base64=1&x-y=1&encoding=${codec}&message=${urlSafe}&message2=x`],
    ["without a version", `base64=1&encoding=${codec}&message=${urlSafe}`],
    ["percent-encoded", `base64=1&%65ncoding=${codec.replace("o", "%6F")}&message=${urlSafe}`],
    ["in identity", `base64=1&compression=identity&encoding=${codec}&message=${urlSafe}`],
    [
      "in gzip",
      `base64=1&compression=gzip&encoding=${codec}&message=${compress(bytes, "gzip").toString("base64url")}`,
    ],
    [
      "in brotli",
      `base64=1&compression=br&encoding=${codec}&message=${compress(bytes, "br").toString("base64url")}`,
    ],
  ])("reads base64 %s", async (_, query) => {
    const { messages } = await call(query);
    expect(messages[0]?.seen?.request).toEqual(request);
  });

  it("has its deadline and its accepted encodings in headers", async () => {
    const query = `base64=1&encoding=${codec}&message=${urlSafe}`;
    const { messages } = await call(query, {
      "connect-timeout-ms": "60000",
      "accept-encoding": "gzip",
    });
    expect(messages[0]?.seen?.timeoutMs).toBeGreaterThan(30_000);
  });

  it("has no use for a content type", async () => {
    const query = `base64=1&encoding=${codec}&message=${urlSafe}`;
    const { messages } = await call(query, { "content-type": "text/plain" });
    expect(messages[0]?.seen?.request).toEqual(request);
  });

  it.each<[string, string]>([
    ["other characters", "%21%21%21%21"],
    ["an impossible length", `${urlSafe.slice(0, 4)}A`],
  ])("is refused with 400 when its base64 has %s", async (_, message) => {
    const { http, error } = await call(`base64=1&encoding=${codec}&message=${message}`);
    expect(error?.code).toBe("invalid_argument");
    expect(http.status).toBe(400);
  });

  it.each<[string, string]>([
    ["an unknown codec", `base64=1&encoding=foo&message=${urlSafe}`],
    ["no codec", `base64=1&message=${urlSafe}`],
    ["two codecs", `base64=1&encoding=foo&encoding=${codec}&message=${urlSafe}`],
    ["an empty codec", `base64=1&encoding=&message=${urlSafe}`],
    ["no parameter at all", ""],
  ])("with %s is refused with 415", async (_, query) => {
    expect((await get(httpVersion, query)).status).toBe(415);
  });

  it.each<[string, string]>([
    ["base64 of what is no message", "base64=1&message=_____w"],
    ["compressed data that is none", `base64=1&compression=gzip&message=${urlSafe}`],
  ])("with %s is refused", async (_, query) => {
    const { error } = await call(`encoding=${codec}&${query}`);
    expect(["invalid_argument", "internal"]).toContain(error?.code);
  });
});

describe.each(wires.filter(({ codec }) => codec === "json"))(
  "a Connect GET of plain JSON ($name)",
  (wire) => {
    const message = encodeURIComponent(JSON.stringify({ ...request, call: "☺ + 1%" }));
    const call = async (query: string) => readAnswer(wire, await get(wire.httpVersion, query));

    it.each<[string, string]>([
      ["alone", ""],
      ["with the version", "&connect=v1"],
      ["with base64=0, which is ignored", "&base64=0"],
      ["with an empty base64, which is ignored", "&base64="],
    ])("is read %s", async (_, others) => {
      const { messages } = await call(`encoding=json&message=${message}${others}`);
      expect(messages[0]?.seen?.request).toEqual({ ...request, call: "☺ + 1%" });
    });

    it.each<[string, string]>([
      ["no message", ""],
      ["an empty message", "&message="],
      ["a message that is no JSON", "&message=%7B"],
      ["a message of another shape", "&message=%7B%22data%22%3A1%7D"],
    ])("with %s is refused", async (_, others) => {
      const { http, error } = await call(`encoding=json${others}`);
      expect(error?.code).toBe("invalid_argument");
      expect(http.status).toBe(400);
    });
  },
);

describe.each(wires.filter(({ codec }) => codec === "proto"))(
  "a Connect GET of an empty message ($name)",
  (wire) => {
    it.each(["", "&compression=gzip", "&compression=br"])("is read%s", async (others) => {
      const http = await get(wire.httpVersion, `base64=1&encoding=proto&message=${others}`);
      expect(readAnswer(wire, http).messages).toMatchObject([{ seen: { request: {} } }]);
    });
  },
);

describe.each<HttpVersion>(["1.1", "2"])("a Connect GET over HTTP/%s", (httpVersion) => {
  it.each([path("Echo"), path("EchoStream")])(
    "of a method with side effects, %s, is refused with 405",
    async (target) => {
      const http = await echo.send(httpVersion, {
        method: "GET",
        path: `${target}?connect=v1&encoding=json&message=%7B%7D`,
      });
      expect(http.status).toBe(405);
      expect(http.headers["allow"]).toBe("POST");
    },
  );
});
