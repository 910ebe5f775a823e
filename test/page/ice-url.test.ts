import { describe, expect, it } from "vitest";
import { readIceUrl, toStunUrl } from "../../page/ice-url.js";

describe("readIceUrl", () => {
  it.each<[text: string, parts: object, stun: string]>([
    [
      "stun:a.test",
      { host: "a.test", port: 3478, isTurn: false, transport: "udp" },
      "stun:a.test:3478",
    ],
    [
      "turn:a.test:80?transport=TCP",
      { port: 80, isTurn: true, transport: "tcp" },
      "stun:a.test:80",
    ],
    [
      "turns:a.test?transport=tcp",
      { port: 5349, isTurn: true, transport: "tls" },
      "stun:a.test:5349",
    ],
    ["turn:[2a00:1::2]:9", { host: "2a00:1::2", port: 9, transport: "udp" }, "stun:[2a00:1::2]:9"],
    ["nonsense", { host: "", isTurn: false }, "stun::3478"],
  ])("%s", (text, parts, stun) => {
    const url = readIceUrl(text);
    expect(url).toMatchObject({ text, ...parts });
    expect(toStunUrl(url)).toBe(stun);
  });
});
