import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { type Coturn, type CoturnOptions, startCoturn } from "../parts/coturn.js";
import {
  keepScreenshot,
  type PageBrowser,
  type PageReport,
  runDiagnosis,
  startPageBrowser,
} from "../parts/diagnostic-page.js";
import { startIceService } from "../parts/ice-service.js";
import { type RelayNetwork, startRelayNetwork } from "../parts/relay-network.js";
import { connectorTokens } from "../parts/tokens.js";

const secret = "diagnostics-secret-of-this-test";
const token = "diagnostics-token-of-this-test";
const browserNames = ["Chromium", "Firefox"] as const;

let network: RelayNetwork;
let certificate: TestCertificate;
let tlsPort: number;
const coturns: Coturn[] = [];
const start = async (ip: string, options: Partial<CoturnOptions> = {}) => {
  const on = network.servers;
  const coturn = await startCoturn({
    secrets: [secret],
    on,
    listenIps: [ip],
    port: 3478,
    ...options,
  });
  coturns.push(coturn);
  return coturn;
};

beforeAll(async () => {
  network = await startRelayNetwork();
  certificate = await createCertificate();
  ({ tlsPort } = await start("11.0.0.10", { tls: certificate }));
  await start("11.0.0.11", { extra: ["external-ip=11.0.9.9"] });
  await start("11.0.0.12");
  await start("11.0.0.13", { extra: ["denied-peer-ip=0.0.0.0-255.255.255.255"] });
  await start("11.0.0.14", { extra: ["alternate-server=11.0.0.10:3478"] });
  await start("11.0.0.16", { secrets: ["a-secret-of-somebody-else"] });
  await start("11.0.0.17", { extra: ["no-udp"] });
  await start("11.0.0.18", { extra: ["total-quota=1"] });
  await start("11.0.0.19", { extra: ["max-bps=1000", "bps-capacity=1000"] });
  await start("11.0.0.20", { relayPortCount: 1 });
  await start("11.0.0.21", { authentication: "user" });
  await start("11.0.0.22", { relayIps: ["2a00:1::22"] });
  await start("11.0.0.23", { extra: ["alternate-server=11.0.0.26:3478"] });
  await start("11.0.0.26", { extra: ["alternate-server=11.0.0.23:3478"] });
  await start("11.0.0.24", { clockAheadSeconds: 2 * 86_400 });
  await start("2a00:1::25", { relayIps: ["11.0.0.25"] });
  await start("2a00:1::10", { extra: ["allocation-default-address-family=keep"] });
  await network.servers.run(
    ...[
      "nft",
      "add table inet filter; add chain inet filter input { type filter hook input priority 0; }; add rule inet filter input ip daddr 11.0.0.12 udp dport != 3478 drop",
    ],
  );
});
afterAll(async () => {
  await Promise.all(coturns.map((coturn) => coturn.stop()));
  await network?.stop();
  await certificate?.stop();
});

/** Serves the page on the machine of the browser, with this list, and runs it. */
async function diagnose(
  at: "home" | "outside",
  browser: PageBrowser,
  stunUrls: readonly string[],
  turnUrls: readonly string[],
) {
  const service = await startIceService({
    on: network[at],
    files: { "tokens.yaml": connectorTokens({ test: token }), "turn.secret": secret },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      diagnostics: true,
      ice: { stunUrls, turn: { urls: turnUrls, secretFiles: ["turn.secret"] } },
      shutdown: { delay: "0s" },
    },
  });
  try {
    return await runDiagnosis(browser, `${service.url}/#token=${token}`);
  } finally {
    await service.stop();
  }
}

const listStates = ({ urls }: PageReport) =>
  urls.map(({ url, state, reason }) => [url.text, state, reason?.name]);
const listLevels = ({ verdicts }: PageReport) =>
  Object.fromEntries(verdicts.map(({ name, level }) => [name, level]));

describe.each(browserNames)("the diagnostic page in %s, behind a NAT", (name) => {
  let browser: PageBrowser;
  beforeAll(async () => {
    browser = await startPageBrowser[name](network.home);
  });
  afterAll(() => browser?.stop());

  it("is green once calls went through each relay, and measures them", async () => {
    const urls = ["turn:11.0.0.10", "turn:11.0.0.10?transport=tcp"];
    const report = await diagnose("home", browser, ["stun:11.0.0.10"], urls);
    expect(report.headline).toEqual({
      level: "good",
      text: "All is well: 3 of 3 URLs work. Calls go through 2 relays.",
    });
    expect(listLevels(report)).toEqual({
      ...{ UDP: "good", TCP: "good", TLS: "none", IPv4: "good", IPv6: "none" },
      ...{ Host: "good", Reflexive: "good", Relay: "good" },
    });
    expect(report.browser.name).toBe(name === "Chromium" ? "Chrome" : "Firefox");
    const relays = report.urls.slice(1);
    expect(
      relays.map(({ candidates }) => candidates.find(({ type }) => type === "relay")),
    ).toMatchObject([
      { address: "11.0.0.10", relayProtocol: "udp" },
      { address: "11.0.0.10", relayProtocol: "tcp" },
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
    await keepScreenshot(browser, `${name}-good`);
  });

  it("copies a report without token, username, and credential", async () => {
    for (const button of ["copy-text", "copy-json"]) {
      await browser.evaluate(`document.getElementById("${button}").click()`);
      const text = `${await browser.evaluate(`document.getElementById("report").value`)}`;
      expect(text).toContain("turn:11.0.0.10?transport=tcp");
      expect(text).toContain("11.0.2.1");
      expect(text).not.toContain(token);
      expect(text).not.toMatch(/credential":|username|\d{10}:/);
    }
  });

  // Chromium has been told to trust the tests' authority, and Firefox has not.
  const tlsOutcome = name === "Chromium" ? ["works", undefined] : ["fails", "tls-failed"];

  it("names what is wrong with each relay", async () => {
    const report = await diagnose(
      "home",
      browser,
      ["stun:11.0.0.10", "stun:11.0.0.15"],
      [
        "turn:11.0.0.11",
        "turn:11.0.0.11?transport=tcp",
        "turn:11.0.0.12",
        "turn:11.0.0.13",
        "turn:11.0.0.14",
        "turn:11.0.0.15",
        "turn:11.0.0.15?transport=tcp",
        "turns:11.0.0.15",
        `turns:11.0.0.10:${tlsPort}`,
        "turn:11.0.0.16",
      ],
    );
    await keepScreenshot(browser, `${name}-bad`);
    expect(report.headline).toEqual({
      level: "warning",
      text:
        name === "Chromium"
          ? "Calls go through 2 relays, but only 3 of 12 URLs work."
          : "Calls go through 1 relay, but only 2 of 12 URLs work.",
    });
    expect(listStates(report)).toEqual([
      ["stun:11.0.0.10", "works", undefined],
      ["stun:11.0.0.15", "fails", "time-out"],
      ["turn:11.0.0.11", "fails", "relay-unreachable"],
      ["turn:11.0.0.11?transport=tcp", "fails", "relay-unreachable"],
      ["turn:11.0.0.12", "fails", "relay-unreachable"],
      ["turn:11.0.0.13", "fails", "peer-denied"],
      ["turn:11.0.0.14", "works", undefined],
      ["turn:11.0.0.15", "fails", "time-out"],
      ["turn:11.0.0.15?transport=tcp", "fails", "unusable"],
      ["turns:11.0.0.15", "fails", "tls-failed"],
      [`turns:11.0.0.10:${tlsPort}`, ...tlsOutcome],
      ["turn:11.0.0.16", "fails", "wrong-secret"],
    ]);
    // Each cause leads to what to do.
    expect(
      await browser.evaluate(
        `[...document.querySelectorAll("#servers a")].every(({ hash }) => document.querySelector(hash))`,
      ),
    ).toBe(true);
  });

  it("is red when no call goes through, though servers answer", async () => {
    const report = await diagnose("home", browser, ["stun:11.0.0.11"], ["turn:11.0.0.11"]);
    expect(report.headline).toEqual({
      level: "bad",
      text: "No call went through a relay. 1 of 2 URLs works.",
    });
  });

  it("proves relays with TCP alone", async () => {
    const report = await diagnose("home", browser, [], ["turn:11.0.0.10?transport=tcp"]);
    expect(listStates(report)).toEqual([["turn:11.0.0.10?transport=tcp", "works", undefined]]);
  });
});

describe.each(browserNames)("the diagnostic page in %s, at a public address", (name) => {
  let browser: PageBrowser;
  beforeAll(async () => {
    browser = await startPageBrowser[name](network.outside);
  });
  afterAll(() => browser?.stop());

  it("proves relays over IPv4 and IPv6", async () => {
    const urls = ["turn:11.0.0.10", "turn:[2a00:1::10]"];
    const report = await diagnose("outside", browser, [], urls);
    expect(listStates(report)).toEqual(urls.map((url) => [url, "works", undefined]));
    expect(listLevels(report)).toMatchObject({ IPv4: "good", IPv6: "good" });
  });

  it.each([
    ["total-quota", "11.0.0.18", "quota"],
    ["bps-capacity", "11.0.0.19", "quota"],
    // Firefox does not pass this answer on.
    ["one relay port", "11.0.0.20", name === "Chromium" ? "no-capacity" : "unusable"],
  ])("notices that a server is full: %s", async (_, ip, cause) => {
    const urls = [`turn:${ip}`, `turn:${ip}?transport=tcp`];
    const { urls: results } = await diagnose("outside", browser, [], urls);
    // Both ask at once, and only one gets a relay.
    expect(results.map(({ reason }) => reason?.name)).toContain(cause);
  });

  it("names why servers make no relay", async () => {
    const rows = [
      ["turn:11.0.0.21", "fails", "wrong-secret"],
      ["turn:11.0.0.22", "fails", "address-family"],
      ["turn:11.0.0.23", "fails", "redirect-loop"],
      ["turn:11.0.0.24", "fails", "wrong-secret"],
      ["turn:[2a00:1::25]", "works", undefined],
    ];
    const urls = rows.map(([url]) => `${url}`);
    const report = await diagnose("outside", browser, ["stun:11.0.0.10"], urls);
    expect(listStates(report).slice(1)).toEqual(rows);
  });

  it("names relays that cannot be reached", async () => {
    const urls = ["turn:11.0.0.11", "turn:11.0.0.12", "turn:11.0.0.13"];
    const report = await diagnose("outside", browser, [], urls);
    expect(report.headline.level).toBe("bad");
    expect(listStates(report).map(([, , cause]) => cause)).toEqual([
      "relay-unreachable",
      "relay-unreachable",
      "peer-denied",
    ]);
  });
});

const axeSchema = z.array(z.object({ id: z.string(), targets: z.array(z.unknown()) }));

describe.each(browserNames)("for everybody, the page in %s", (name) => {
  it.each([
    { dark: false, width: 1100 },
    { dark: true, width: 360 },
  ])("keeps the rules of axe (dark: $dark, width: $width)", async (look) => {
    const axe = await readFile(createRequire(import.meta.url).resolve("axe-core"), "utf8");
    const browser = await startPageBrowser[name](network.home, look);
    await diagnose("home", browser, [], ["turn:11.0.0.10", "turn:11.0.0.16"]);
    await browser.evaluate(`document.querySelector("details").open = true`);
    await keepScreenshot(browser, `${name}-${look.width}-${look.dark ? "dark" : "light"}`);
    const found = await browser.evaluate(`(async () => {
      ${axe};
      const { violations } = await axe.run({ rules: { "color-contrast-enhanced": { enabled: false } } });
      return violations.map(({ id, nodes }) => ({ id, targets: nodes.map(({ target }) => target) }));
    })()`);
    expect(axeSchema.parse(found)).toEqual([]);
    expect(await browser.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await browser.stop();
  });
});
