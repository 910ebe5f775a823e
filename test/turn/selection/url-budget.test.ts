import { describe, expect, it } from "vitest";
import { parseIceUrl } from "../../../src/ice/ice-url.js";
import { selectUrls } from "../../../src/turn/selection/url-budget.js";

const all = [
  "stun:s1",
  "stun:s2",
  "turn:u1",
  "turn:u2",
  "turn:t1?transport=tcp",
  "turns:x1:5349",
  "turns:x2:443",
  "turns:d1?transport=udp",
];
const select = (urls: string[], maxUrls: number) =>
  selectUrls(urls.map(parseIceUrl), maxUrls).map(({ text }) => text);

describe("selectUrls", () => {
  it.each<[maxUrls: number, kept: string[]]>([
    [0, all],
    [1, ["turns:x2:443"]],
    [2, ["turn:u1", "turns:x2:443"]],
    [3, ["turn:u1", "turn:t1?transport=tcp", "turns:x2:443"]],
    [4, ["stun:s1", "turn:u1", "turn:t1?transport=tcp", "turns:x2:443"]],
    [5, ["stun:s1", "turn:u1", "turn:u2", "turn:t1?transport=tcp", "turns:x2:443"]],
    [
      6,
      ["stun:s1", "turn:u1", "turn:u2", "turn:t1?transport=tcp", "turns:x1:5349", "turns:x2:443"],
    ],
    [7, all.filter((url) => url !== "stun:s2")],
    [8, all],
    [99, all],
  ])("keeps %s", (maxUrls, kept) => {
    expect(select(all, maxUrls)).toEqual(kept);
  });

  it("takes the first turns URL where none is on port 443", () => {
    expect(select(["turns:a:5349", "turns:b:5350"], 1)).toEqual(["turns:a:5349"]);
  });

  it.each<[urls: string[], maxUrls: number, kept: string[]]>([
    [["stun:s", "turns:d:443?transport=udp", "turns:x:5349"], 1, ["turns:x:5349"]],
    [["stuns:s:443", "turn:u"], 1, ["turn:u"]],
    [["stun:s1", "stun:s2", "turn:u"], 2, ["stun:s1", "turn:u"]],
    [["stun:s1", "stun:s2"], 1, ["stun:s1"]],
    [["stun:s", "turns:d1?transport=udp", "turns:d2?transport=udp"], 1, ["turns:d1?transport=udp"]],
  ])("of %j keeps %s", (urls, maxUrls, kept) => {
    expect(select(urls, maxUrls)).toEqual(kept);
  });

  it("keeps as many as it may, in the order given, TURN among them, of any list", () => {
    const faults: string[] = [];
    for (let bits = 0; bits < 2 ** all.length; bits++) {
      const urls = all.filter((_, index) => bits & (1 << index));
      for (let maxUrls = 1; maxUrls <= all.length; maxUrls++) {
        const kept = select(urls, maxUrls);
        const isInOrder = urls.filter((url) => kept.includes(url)).join() === kept.join();
        const isFull = kept.length === Math.min(maxUrls, urls.length);
        const hasTurn = (some: string[]) => some.some((url) => url.startsWith("turn"));
        if (!isInOrder || !isFull || hasTurn(kept) !== hasTurn(urls)) {
          faults.push(`${maxUrls} of ${urls}: ${kept}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });
});
