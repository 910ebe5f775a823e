import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { iceUrlCases } from "../ice/ice-url-cases.js";
import { type Chromium, startChromium } from "../parts/chromium.js";

let chromium: Chromium;
let taken: Record<string, boolean>;

beforeAll(async () => {
  chromium = await startChromium();
  const page = await chromium.newPage();
  taken = await page.evaluate(
    (urls) =>
      Object.fromEntries(
        urls.map((url) => {
          try {
            Reflect.construct(Reflect.get(globalThis, "RTCPeerConnection"), [
              { iceServers: [{ urls: url, username: "u", credential: "p" }] },
            ]);
            return [url, true];
          } catch {
            return [url, false];
          }
        }),
      ),
    iceUrlCases.map(({ url }) => url),
  );
});
afterAll(() => chromium.stop());

describe("Chromium's RTCPeerConnection", () => {
  it.each(iceUrlCases)("with $url answers as the table says", ({ url, chromium: expected }) => {
    expect(taken[url]).toBe(expected);
  });

  it("takes every URL that we serve, and refuses what we refuse but for exceptions with a reason", () => {
    expect(iceUrlCases.filter(({ url, accepted }) => accepted && taken[url] !== true)).toEqual([]);
    expect(
      iceUrlCases.filter(({ url, accepted, exception }) => !accepted && taken[url] && !exception),
    ).toEqual([]);
  });
});
