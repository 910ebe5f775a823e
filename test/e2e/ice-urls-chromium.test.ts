import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { iceUrlCases } from "../ice/ice-url-cases.js";
import { type Chromium, startChromium } from "../parts/chromium.js";

let chromium: Chromium;
let answers: Record<string, string>;

beforeAll(async () => {
  chromium = await startChromium();
  const page = await chromium.newPage();
  answers = await page.evaluate(
    (urls) =>
      Object.fromEntries(
        urls.map((url) => {
          try {
            Reflect.construct(Reflect.get(globalThis, "RTCPeerConnection"), [
              { iceServers: [{ urls: url, username: "u", credential: "p" }] },
            ]);
            return [url, "accepts"];
          } catch {
            return [url, "refuses"];
          }
        }),
      ),
    iceUrlCases.map(({ url }) => url),
  );
});
afterAll(() => chromium.stop());

describe("Chromium's RTCPeerConnection", () => {
  it.each(
    iceUrlCases.map((row): [title: string, url: string, chromium: string] => [
      JSON.stringify(row.url),
      row.url,
      row.chromium,
    ]),
  )("with %s answers as the table says", (_, url, expected) => {
    expect(answers[url]).toBe(expected);
  });

  it("takes every URL that we serve", () => {
    const thrownOn = iceUrlCases.filter(
      ({ url, accepted }) => accepted && answers[url] !== "accepts",
    );
    expect(thrownOn).toEqual([]);
  });

  it("differs from us only where the table has a reason", () => {
    const unexplained = iceUrlCases.filter(
      ({ url, accepted, exception }) =>
        accepted !== (answers[url] === "accepts") && exception === undefined,
    );
    expect(unexplained).toEqual([]);
  });
});
