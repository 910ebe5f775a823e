import { describe, expect, it } from "vitest";
import { IceUrlError, parseIceUrl } from "../../src/ice/ice-url.js";
import { iceUrlCases } from "./ice-url-cases.js";

const failureOf = (url: string) => {
  try {
    parseIceUrl(url);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe("parseIceUrl", () => {
  it.each(iceUrlCases.filter(({ accepted }) => accepted))("takes $url ($source)", ({ url }) => {
    expect(failureOf(url)).toBeUndefined();
  });

  it.each(iceUrlCases.filter(({ accepted }) => !accepted))(
    "refuses $url ($source), naming the rule and the fix",
    ({ url }) => {
      expect(failureOf(url)).toBeInstanceOf(IceUrlError);
      expect(failureOf(url)).toMatchObject({
        url,
        rule: expect.stringMatching(/./),
        fix: expect.stringMatching(/./),
      });
    },
  );

  it.each([
    ["stun:a.example", { scheme: "stun", host: "a.example", port: 3478, transport: "udp" }],
    ["stuns:a.example", { scheme: "stuns", port: 5349, transport: "tcp" }],
    ["turn:a.example", { scheme: "turn", port: 3478, transport: "udp" }],
    ["turn:a.example?transport=tcp", { port: 3478, transport: "tcp" }],
    ["turns:a.example", { scheme: "turns", port: 5349, transport: "tcp" }],
    ["turns:a.example:443?transport=udp", { port: 443, transport: "udp" }],
    ["turn:[2001:db8::1]:99", { host: "2001:db8::1", port: 99 }],
    ["TURN:a.example", { text: "turn:a.example", scheme: "turn" }],
  ])("reads %s", (url, parts) => {
    expect(parseIceUrl(url)).toMatchObject(parts);
  });

  it("shortens a long URL in its error, and bounds what it takes", () => {
    const url = `turn:${"a.".repeat(300)}example`;
    expect(failureOf(url)).toMatchObject({ url: `${url.slice(0, 100)}…` });
  });

  it("offers the ASCII form of an international name", () => {
    expect(failureOf("stun:bücher.example")).toMatchObject({
      fix: "Write it as xn--bcher-kva.example",
    });
  });
});
