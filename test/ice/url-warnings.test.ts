import { describe, expect, it } from "vitest";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { findUrlWarnings } from "../../src/ice/url-warnings.js";

const good = ["stun:a.example", "turn:a.example", "turns:a.example:443?transport=tcp"];
const warn = (...urls: string[]) => findUrlWarnings(urls.map(parseIceUrl));

describe("findUrlWarnings", () => {
  it("has nothing to say of a good list, and of none", () => {
    expect(warn(...good)).toEqual([]);
    expect(warn()).toEqual([]);
    expect(warn("stun:a.example")).toEqual([]);
  });

  it.each([
    ["stun:b.example:53", /^stun:b\.example:53: .*port 53/],
    ["stuns:b.example", /^stuns:b\.example: .*stuns/],
    ["turns:b.example?transport=udp", /^turns:b\.example\?transport=udp: .*DTLS/],
  ])("warns of %s", (url, text) => {
    expect(warn(...good, url)).toEqual([expect.stringMatching(text)]);
  });

  it("warns when nothing gets through a strict firewall", () => {
    expect(warn("turn:a.example", "turns:a.example:5349")).toEqual([
      expect.stringMatching(/port 443/),
    ]);
    expect(warn("turn:a.example")).toEqual([
      expect.stringMatching(/no TURN URL uses TCP/),
      expect.stringMatching(/port 443/),
    ]);
  });
});
