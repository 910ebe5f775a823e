import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type BothBrowsers, pageToken, startBothBrowsers } from "../parts/both-browsers.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import {
  keepScreenshot,
  listStates,
  type PageBrowserName,
  type PageReport,
  pageBrowserNames,
} from "../parts/diagnostic-page.js";
import { type RelayNetwork, startRelayNetwork } from "../parts/relay-network.js";

let network: RelayNetwork;
let authority: TestCertificate;
let both: BothBrowsers;

beforeAll(async () => {
  authority = await createCertificate();
  network = await startRelayNetwork();
  const certFile = await authority.signAnother("DNS:turn.example.com", 1);
  const tls = { certFile, keyFile: authority.keyFile };
  await Promise.all([
    network.startCoturn("11.0.0.10", { tls, tlsPort: 5349 }),
    network.startCoturn("11.0.0.11", { extra: ["external-ip=11.0.9.9"] }),
    network.startCoturn("11.0.0.12"),
    network.startCoturn("11.0.0.13", { extra: ["denied-peer-ip=0.0.0.0-255.255.255.255"] }),
    network.startCoturn("11.0.0.14", { extra: ["alternate-server=11.0.0.10:3478"] }),
    network.startCoturn("11.0.0.16", { secrets: ["a-secret-of-somebody-else"] }),
  ]);
  await network.drop("ip daddr 11.0.0.12 udp dport != 3478");
  both = await startBothBrowsers(network.home, authority.caFile);
});
afterAll(async () => {
  await both?.stop();
  await network?.stop();
  await authority?.stop();
});

const listLevels = ({ verdicts }: PageReport) =>
  Object.fromEntries(verdicts.map(({ name, level }) => [name, level]));

describe("the diagnostic page in Chromium and Firefox, behind a NAT", () => {
  it("is green once calls went through each relay, and measures them", async () => {
    const turnUrls = [
      "turn:11.0.0.10",
      "turn:11.0.0.10?transport=tcp",
      "turns:turn.example.com?transport=tcp",
    ];
    const reports = await both.diagnose({ stunUrls: ["stun:11.0.0.10"], turnUrls });
    for (const name of pageBrowserNames) {
      const report = reports[name];
      expect(report.headline).toEqual({
        level: "good",
        text: "All is well: 4 of 4 URLs work. Calls go through 3 relays.",
      });
      expect(listLevels(report)).toEqual({
        ...{ UDP: "good", TCP: "good", TLS: "good", IPv4: "good", IPv6: "none" },
        ...{ Host: "good", Reflexive: "good", Relay: "good" },
      });
      expect(report.browser.name).toBe(name === "Chromium" ? "Chrome" : "Firefox");
      const relays = report.urls.slice(1);
      expect(
        relays.map(({ candidates }) => candidates.find(({ type }) => type === "relay")),
      ).toMatchObject([
        { address: "11.0.0.10", relayProtocol: "udp" },
        { address: "11.0.0.10", relayProtocol: "tcp" },
        { address: "11.0.0.10", relayProtocol: "tls" },
      ]);
      expect(report.urls[0]?.candidates).toContainEqual(
        expect.objectContaining({ type: "srflx", address: "11.0.2.1", url: "stun:11.0.0.10" }),
      );
      for (const { relay } of relays) {
        expect(relay?.traffic.sentCount).toBe(400);
        expect(relay?.traffic.returnedCount).toBeGreaterThan(300);
        expect(relay?.traffic.roundTripMs).toBeGreaterThan(0);
        expect(relay?.traffic.receivedBitsPerSecond).toBeGreaterThan(0);
        expect(relay?.reconnection.durationMs).toBeGreaterThan(0);
      }
      await keepScreenshot(both.browsers[name], `${name}-good`);
    }
  });

  it("copies a report without token, username, and credential", async () => {
    for (const name of pageBrowserNames) {
      const browser = both.browsers[name];
      for (const button of ["copy-text", "copy-json"]) {
        await browser.evaluate(`document.getElementById("${button}").click()`);
        const text = `${await browser.evaluate(`document.getElementById("report").value`)}`;
        expect(text).toContain("turn:11.0.0.10?transport=tcp");
        expect(text).toContain("11.0.2.1");
        expect(text).not.toContain(pageToken);
        expect(text).not.toMatch(/credential":|username|\d{10}:/);
      }
    }
  });

  it("is red when no call goes through, though servers answer", async () => {
    const reports = await both.diagnose({
      stunUrls: ["stun:11.0.0.11"],
      turnUrls: ["turn:11.0.0.11"],
    });
    for (const name of pageBrowserNames) {
      expect(reports[name].headline).toEqual({
        level: "bad",
        text: "No call went through a relay. 1 of 2 URLs works.",
      });
    }
  });

  it("proves relays with TCP alone", async () => {
    const turnUrls = ["turn:11.0.0.10?transport=tcp"];
    const reports = await both.diagnose({ turnUrls });
    for (const name of pageBrowserNames) {
      expect(listStates(reports[name])).toEqual([[turnUrls[0], "works", undefined]]);
    }
  });

  it("names what is wrong with each relay", async () => {
    const listRows = (name: PageBrowserName) => [
      ["stun:11.0.0.10", "works", undefined],
      ["stun:11.0.0.15", "fails", "time-out"],
      // This machine has no IPv6.
      ["stun:[2a00:1::10]", "fails", name === "Firefox" ? "not-used" : "time-out"],
      ["turn:11.0.0.11", "fails", "relay-unreachable"],
      ["turn:11.0.0.11?transport=tcp", "fails", "relay-unreachable"],
      ["turn:11.0.0.12", "fails", "relay-unreachable"],
      ["turn:11.0.0.13", "fails", "peer-denied"],
      ["turn:11.0.0.14", "works", undefined],
      ["turn:11.0.0.15", "fails", "time-out"],
      ["turn:11.0.0.15?transport=tcp", "fails", "unusable"],
      ["turns:other.example.com", "fails", "tls-failed"],
      ["turn:11.0.0.16", "fails", "wrong-secret"],
    ];
    const urls = listRows("Chromium").map(([url]) => `${url}`);
    const reports = await both.diagnose({
      stunUrls: urls.filter((url) => url.startsWith("stun:")),
      turnUrls: urls.filter((url) => !url.startsWith("stun:")),
    });
    for (const name of pageBrowserNames) {
      expect(listStates(reports[name])).toEqual(listRows(name));
      expect(reports[name].headline).toEqual({
        level: "warning",
        text: "Calls go through 1 relay, but only 2 of 12 URLs work.",
      });
      // Each cause links to its fix.
      expect(
        await both.browsers[name].evaluate(
          `[...document.querySelectorAll("#servers a")].every(({ hash }) => document.querySelector(hash))`,
        ),
      ).toBe(true);
    }
  });
});

const axeSchema = z.array(z.object({ id: z.string(), targets: z.array(z.unknown()) }));

describe("for everybody, the page with all of that", () => {
  it.each([
    { name: "Chromium", dark: false, width: 1100 },
    { name: "Chromium", dark: true, width: 360 },
    { name: "Firefox", dark: false, width: 1100 },
    { name: "Firefox", dark: true, width: 360 },
  ] as const)("keeps the rules of axe in $name (dark: $dark, width: $width)", async (look) => {
    const axe = await readFile(createRequire(import.meta.url).resolve("axe-core"), "utf8");
    const browser = both.browsers[look.name];
    await browser.setLook(look);
    expect(await browser.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")).toBe(
      look.dark,
    );
    await expect.poll(() => browser.evaluate("innerWidth")).toBeLessThanOrEqual(look.width);
    await browser.evaluate(`document.querySelector("details").open = true`);
    await keepScreenshot(browser, `${look.name}-${look.width}-${look.dark ? "dark" : "light"}`);
    const found = await browser.evaluate(`(async () => {
      ${axe};
      const { violations } = await axe.run({ rules: { "color-contrast-enhanced": { enabled: false } } });
      return violations.map(({ id, nodes }) => ({ id, targets: nodes.map(({ target }) => target) }));
    })()`);
    expect(axeSchema.parse(found)).toEqual([]);
    expect(await browser.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  });
});
