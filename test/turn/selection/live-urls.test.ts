import { describe, expect, it } from "vitest";
import { parseIceUrl } from "../../../src/ice/ice-url.js";
import { LiveUrls } from "../../../src/turn/selection/live-urls.js";

const urls = ["turn:a.example", "turn:b.example", "turn:c.example"].map(parseIceUrl);

describe("LiveUrls", () => {
  it("are all where nobody watches", () => {
    expect(new LiveUrls(urls, undefined).read()).toBe(urls);
  });

  it("are the same array until one goes down or comes up, and follow each change", () => {
    const down = new Set<string>();
    const live = new LiveUrls(urls, (url) => !down.has(url));
    const read = () => live.read().map(({ host }) => host[0]);
    const before = live.read();
    expect(live.read()).toBe(before);
    down.add("turn:b.example");
    expect(read()).toEqual(["a", "c"]);
    expect(live.read()).toBe(live.read());
    down.add("turn:a.example").add("turn:c.example");
    expect(read()).toEqual([]);
    down.clear();
    expect(read()).toEqual(["a", "b", "c"]);
  });
});
