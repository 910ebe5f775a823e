import { describe, expect, it } from "vitest";
import { parseIceUrl } from "../../../src/ice/ice-url.js";
import {
  areReachedAlike,
  groupByHost,
  takeServers,
} from "../../../src/turn/selection/turn-server.js";

const group = (urls: readonly string[], weights: Record<string, number> = {}) =>
  groupByHost(urls.map(parseIceUrl), new Map(Object.entries(weights)));

describe("groupByHost", () => {
  it("puts the URLs of a host together, whatever their ports and ways to write it", () => {
    const servers = group(
      [
        "turn:a.example",
        "turn:b.example",
        "turns:A.example.:443",
        "turn:[2001:db8::1]",
        "turn:[2001:DB8::1]:53?transport=tcp",
      ],
      { "b.example": 7 },
    );
    expect(
      servers.map(({ host, urls, weight }) => [host, urls.map(({ text }) => text), weight]),
    ).toEqual([
      ["a.example", ["turn:a.example", "turns:A.example.:443"], 1],
      ["b.example", ["turn:b.example"], 7],
      ["2001:db8::1", ["turn:[2001:db8::1]", "turn:[2001:DB8::1]:53?transport=tcp"], 1],
    ]);
  });
});

const udp = (host: string) => `turn:${host}`;
const tcp = (host: string) => `turn:${host}?transport=tcp`;
const tls = (host: string) => `turns:${host}:443?transport=tcp`;
const dtls = (host: string) => `turns:${host}?transport=udp`;

describe("takeServers", () => {
  it.each<[what: string, urls: string[], count: number, taken: string[]]>([
    ["all", [udp("a"), tcp("a"), udp("b")], 2, [udp("a"), tcp("a"), udp("b")]],
    ["the first alone", [udp("a"), tcp("a"), udp("b"), tcp("b")], 1, [udp("a"), tcp("a")]],
    ["the way that it lacks, of the next", [udp("a"), udp("b"), tls("b")], 1, [udp("a"), tls("b")]],
    [
      "each way that it lacks, of whoever has it first",
      [udp("a"), tcp("b"), tls("c"), tcp("c")],
      1,
      [udp("a"), tls("c"), tcp("b")],
    ],
    ["nothing for a way that nobody has", [udp("a"), udp("b")], 1, [udp("a")]],
    ["UDP for a server of DTLS alone", [dtls("a"), udp("b"), dtls("b")], 1, [dtls("a"), udp("b")]],
  ])("takes %s", (_, urls, count, taken) => {
    expect(takeServers(group(urls), count).map(({ text }) => text)).toEqual(taken);
  });
});

describe("areReachedAlike", () => {
  it.each<[urls: string[], alike: boolean]>([
    [[udp("a"), udp("b")], true],
    [[udp("a"), tls("a"), tls("b"), udp("b")], true],
    [[udp("a"), udp("b"), tcp("b")], false],
    [[udp("a"), dtls("a"), udp("b")], true],
  ])("of %j says %s", (urls, alike) => {
    expect(areReachedAlike(group(urls))).toBe(alike);
  });
});
