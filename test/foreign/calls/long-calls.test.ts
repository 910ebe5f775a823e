import { afterAll, beforeAll, describe, type ExpectStatic, it } from "vitest";
import {
  type CallBrowser,
  type CallingPage,
  callBrowserNames,
  driveCalls,
  openCallBrowser,
  type Role,
} from "../../parts/fresh-call.js";
import {
  type CallServices,
  callToken,
  startCallServices,
  turnServerNames,
} from "./call-services.js";

const ttlSeconds = 60;
const expiries = 3;
/** Until the third credential has expired: 151 s and what comes after that. */
const patience = { timeout: 230_000, interval: 250 };
/**
 * Longer than a browser takes to find a relay: an answer then comes after the first checks of the side
 * that sends it.
 */
const slowSignalMs = 300;
const otherBrowser = { Chromium: "Firefox", Firefox: "Chromium" } as const;

type BrowserName = (typeof callBrowserNames)[number];

let services: CallServices;
let browsers: Readonly<Record<BrowserName, CallBrowser>>;
const pageOf = (name: BrowserName) => driveCalls(browsers[name].evaluate);
beforeAll(async () => {
  services = await startCallServices();
  const [Chromium, Firefox] = await Promise.all(
    callBrowserNames.map((name) => openCallBrowser[name](`${services.origin}/#${name}`)),
  );
  if (Chromium === undefined || Firefox === undefined) {
    throw new Error("a browser is missing");
  }
  browsers = { Chromium, Firefox };
}, 300_000);
afterAll(async () => {
  await Promise.all(Object.values(browsers ?? {}).map((browser) => browser.stop()));
  await services?.stop();
});

const sides: readonly [Role, Role] = ["callee", "caller"];

/** Reads both sides of a call, wherever they are, until three credentials of each have expired. */
async function outlive(
  expect: ExpectStatic,
  name: string,
  pages: Readonly<Record<Role, CallingPage>>,
): Promise<void> {
  const read = () => Promise.all(sides.map((role) => pages[role].readSide(name, role)));
  await expect
    .poll(async () => {
      const now = await read();
      return now.every(({ expiries: expired }) => expired >= expiries) || now;
    }, patience)
    .toBe(true);
  const before = await read();
  await expect
    .poll(async () => {
      const now = await read();
      return (
        now.every(
          ({ received, audioBytes }, index) =>
            received > 100 + (before[index]?.received ?? 0) &&
            audioBytes > 10_000 + (before[index]?.audioBytes ?? 0),
        ) || now
      );
    }, patience)
    .toBe(true);
  for (const side of await read()) {
    expect(side).toMatchObject({ state: "connected", errors: [], policy: "relay" });
    expect(side.longestGapMs).toBeLessThan(2000);
    expect(side.longestAudioGapMs).toBeLessThan(2000);
    expect(side.generations).toBeGreaterThan(expiries);
    // One restart for each list, and one more until the lists of both sides are of one age.
    expect(side.generations).toBeLessThanOrEqual(side.usernames + 1);
  }
}

const callOver = (turn: (typeof turnServerNames)[number]) => ({
  url: services.urls[turn],
  token: callToken,
  ttlSeconds,
  hasAudio: true,
});

describe.concurrent.each(callBrowserNames)("a relayed call in %s", (browserName) => {
  it.for(turnServerNames)(
    "outlives three credentials of 60 s, over %s",
    async (turn, { expect }) => {
      const page = pageOf(browserName);
      await page.start(turn, callOver(turn));
      await outlive(expect, turn, { caller: page, callee: page });
    },
  );

  it("outlives them with the other browser, over pion and slow signaling", async ({ expect }) => {
    const other = otherBrowser[browserName];
    const pages = { caller: pageOf(browserName), callee: pageOf(other) };
    const name = `from ${browserName}`;
    const options = { ...callOver("pion"), signalMs: slowSignalMs };
    await pages.callee.join(name, "callee", browserName, options);
    await pages.caller.join(name, "caller", other, options);
    await outlive(expect, name, pages);
  });

  it("ends without the library, over pion", async ({ expect }) => {
    const page = pageOf(browserName);
    await page.start("alone", { ...callOver("pion"), kept: [] });
    await expect
      .poll(async () => (await page.read("alone")).caller.received, patience)
      .toBeGreaterThan(100);
    await expect
      .poll(async () => (await page.read("alone")).caller.state, patience)
      .toMatch(/^(disconnected|failed)$/);
    expect((await page.read("alone")).caller).toMatchObject({ generations: 1, expiries: 1 });
    expect(services.pion.log()).toContain("Expired time-windowed username");
  });
});
