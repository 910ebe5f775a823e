import { describe, expect, it } from "vitest";
import { IceUrlError, parseIceUrl } from "../../src/ice/ice-url.js";
import { iceUrlCases } from "./ice-url-cases.js";

function failureOf(url: string): IceUrlError {
  try {
    parseIceUrl(url);
  } catch (error) {
    if (error instanceof IceUrlError) {
      return error;
    }
    throw error;
  }
  throw new Error(`${url} was accepted`);
}

/** The cases under titles that show what is invisible. */
const casesThat = (accepted: boolean): [title: string, url: string, source: string][] =>
  iceUrlCases
    .filter((row) => row.accepted === accepted)
    .map(({ url, source }) => [JSON.stringify(url), url, source]);

describe("parseIceUrl", () => {
  it.each(casesThat(true))("takes %s, and only its scheme's case changes", (_, url) => {
    const { text, scheme, port } = parseIceUrl(url);
    expect(text).toBe(url.replace(/^[^:]+/, scheme));
    expect(port).toBeGreaterThanOrEqual(1);
    expect(port).toBeLessThanOrEqual(65535);
  });

  // The W3C rules parse "https://" and what is between the scheme and the query as a URL.
  it.each(casesThat(true))("takes %s, whose host is the same to an https URL", (_, url) => {
    const { host, text } = parseIceUrl(url);
    const authority = text.slice(text.indexOf(":") + 1).replace(/\?.*/, "");
    const parsed = new URL(`https://${authority}`);
    expect(parsed.href).toBe(`https://${parsed.host}/`);
    expect(new URL(`https://${host.includes(":") ? `[${host}]` : host}`).hostname).toBe(
      parsed.hostname,
    );
  });

  it.each(casesThat(false))("refuses %s, naming the rule and the fix", (_, url) => {
    const { message, url: shown, rule, fix } = failureOf(url);
    expect(message).toBe(`${JSON.stringify(shown)}: ${rule}. ${fix}`);
    expect(rule).not.toBe("");
    expect(fix).toMatch(/^[A-Z].*[^ ]$/s);
  });

  it("has a table in which no URL stands twice", () => {
    expect(new Set(iceUrlCases.map(({ url }) => url)).size).toBe(iceUrlCases.length);
  });

  it.each([
    ["stun:a.example", { scheme: "stun", host: "a.example", port: 3478, transport: "udp" }],
    ["stuns:a.example", { scheme: "stuns", host: "a.example", port: 5349, transport: "tcp" }],
    ["turn:a.example", { scheme: "turn", host: "a.example", port: 3478, transport: "udp" }],
    ["turn:a.example?transport=tcp", { scheme: "turn", port: 3478, transport: "tcp" }],
    ["turns:a.example", { scheme: "turns", host: "a.example", port: 5349, transport: "tcp" }],
    ["turns:a.example:443?transport=udp", { scheme: "turns", port: 443, transport: "udp" }],
    ["turn:[2001:db8::1]:99", { host: "2001:db8::1", port: 99 }],
    ["turn:[2001:db8::1]", { host: "2001:db8::1", port: 3478 }],
    ["TURN:A.example", { text: "turn:A.example", scheme: "turn", host: "A.example" }],
  ])("reads %s", (url, parts) => {
    expect(parseIceUrl(url)).toMatchObject(parts);
  });

  it("takes no more than 512 characters", () => {
    const longest = `turn:[::1]:3478?transport=udp`.padEnd(512, "x");
    expect(failureOf(longest).rule).toMatch("transport=udp");
    expect(failureOf(`${longest}x`).rule).toMatch("longer than 512");
  });

  it("shortens a long URL in its error", () => {
    const url = `turn:${"a.".repeat(300)}example`;
    expect(failureOf(url).url).toBe(`${url.slice(0, 100)}…`);
  });

  it.each([
    ["turn:user:hunter2@a.example", "turn:…@a.example"],
    ["turn://user:hunter2@a.example:3478", "turn://…@a.example:3478"],
    ["turn:hunter2@b@a.example", "turn:…@a.example"],
    [" turn:user:hunter2@a.example", " turn:…@a.example"],
    ["https://user:hunter2@a.example", "https://…@a.example"],
    ["//user:hunter2@a.example", "…@a.example"],
    [`turn:user:${"hunter2".repeat(100)}@a.example`, "turn:…@a.example"],
  ])("never shows the password of %s", (url, shown) => {
    const failure = failureOf(url);
    expect(failure.url).toBe(shown);
    expect(`${failure.message} ${failure.stack}`).not.toContain("hunter2");
  });

  it.each([
    ["turn://a.example:3478", "Write turn:a.example:3478"],
    ["stun:bücher.example", "Write it as xn--bcher-kva.example"],
    ["stun:\ufffd", "Use letters, digits and hyphens, or the name's punycode (RFC 5891)"],
    ["stun:☺(.example", "Use letters, digits and hyphens, or the name's punycode (RFC 5891)"],
    ["turn:xn--a.example", "Correct what follows xn--"],
    ["turn:1.2.3.256", "Write four numbers from 0 to 255"],
  ])("has a fix for %s", (url, fix) => {
    expect(failureOf(url).fix).toBe(fix);
  });
});
