import { afterAll, beforeAll, describe, it } from "vitest";
import {
  type CallBrowser,
  type CallSide,
  callBrowserNames,
  driveCalls,
  openCallBrowser,
} from "../../parts/fresh-call.js";
import {
  type CallServices,
  callToken,
  startCallServices,
  turnServerNames,
} from "./call-services.js";

const ttlSeconds = 30;
const patience = { timeout: 120_000, interval: 250 };

let services: CallServices;
/** The page of the other side, which is never frozen. */
let receiver: CallBrowser;
beforeAll(async () => {
  services = await startCallServices();
  receiver = await openCallBrowser.Chromium(`${services.origin}/#receiver`);
}, 300_000);
afterAll(async () => {
  await receiver?.stop();
  await services?.stop();
});

const isExpired = ({ expiries }: CallSide) => expiries > 0;
/**
 * When the page is resumed. Firefox closes a call for good when ICE has failed, which it does 30 s after
 * pion has ended the relay, also while the page is frozen.
 */
const hasEnded = {
  Chromium: (_: CallSide, pion: CallSide) => ["disconnected", "failed"].includes(pion.state),
  Firefox: (coturn: CallSide, pion: CallSide) => isExpired(coturn) && isExpired(pion),
};

describe.concurrent.each(callBrowserNames)("a page of %s that is frozen", (browserName) => {
  let browser: CallBrowser;
  beforeAll(async () => {
    browser = await openCallBrowser[browserName](`${services.origin}/#${browserName}`);
  });
  afterAll(() => browser?.stop());

  it("is back in its calls after the credentials have expired", async ({ expect }) => {
    const callee = driveCalls(receiver.evaluate);
    const caller = driveCalls(browser.evaluate);
    const calls = turnServerNames.map((turn) => ({ turn, name: `${browserName} over ${turn}` }));
    const receives = (name: string) => async () => {
      const { received } = await callee.readSide(name, "callee");
      await expect
        .poll(async () => (await callee.readSide(name, "callee")).received, patience)
        .toBeGreaterThan(received + 100);
    };
    for (const { turn, name } of calls) {
      const options = { url: services.urls[turn], token: callToken, ttlSeconds };
      await callee.join(name, "callee", browserName, options);
      await caller.join(name, "caller", "receiver", options);
      await receives(name)();
    }
    await browser.freeze();
    await expect
      .poll(async () => {
        const [coturn, pion] = await Promise.all(
          calls.map(({ name }) => callee.readSide(name, "callee")),
        );
        return coturn !== undefined && pion !== undefined && hasEnded[browserName](coturn, pion);
      }, patience)
      .toBe(true);
    await browser.resume();
    await Promise.all(calls.map(({ name }) => receives(name)()));
    for (const { name } of calls) {
      await expect
        .poll(() => caller.readSide(name, "caller"), patience)
        .toSatisfy(
          ({ state, generations, usernames }: CallSide) =>
            state === "connected" && generations > 1 && usernames > 1,
        );
    }
  });
});
