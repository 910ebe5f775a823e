import { describe, expect, it } from "vitest";
import { readUserAgent } from "../../page/browser.js";

describe("readUserAgent", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0", "Firefox", "153.0"],
    ["Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36", "Chrome", "156.0.0.0"],
    ["Mozilla/5.0 (X11) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.1.2", "Edge", "156.0.1.2"],
    ["Mozilla/5.0 (Macintosh) Version/26.1 Safari/605.1.15", "Safari", "26.1"],
    ["curl/8", "Unknown browser", ""],
  ])("%s", (userAgent, name, version) => {
    expect(readUserAgent(userAgent)).toEqual({ name, version, userAgent });
  });
});
