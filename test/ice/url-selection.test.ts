import { describe, expect, it } from "vitest";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { selectUrls } from "../../src/ice/url-selection.js";

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
});
