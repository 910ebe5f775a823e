import { afterAll, beforeAll, describe, type ExpectStatic, it } from "vitest";
import { type Coturn, startCoturn } from "../../parts/coturn.js";
import {
  type CallBrowser,
  callBrowserNames,
  callScriptFile,
  driveCalls,
  openCallBrowser,
} from "../../parts/fresh-call.js";
import { type IceService, startIceService } from "../../parts/ice-service.js";
import { bundleScript } from "../../parts/page-server.js";
import { type RelayNetwork, startRelayNetwork } from "../../parts/relay-network.js";
import { connectorTokens } from "../../parts/tokens.js";

const secret = "north-north-north-north";
const token = "network-change-token";
const patience = { timeout: 120_000, interval: 250 };
const turnIp = "11.0.0.10";
const serviceIp = "11.0.0.20";

/** Firefox closes the DTLS transport within a second, and all data channels with it. */
const lossTitles = {
  Chromium: "goes on when its address is replaced",
  Firefox: "says that it is lost when its address is replaced, and a new call works",
};

/** A network for each browser, since it changes. */
describe.concurrent.each(callBrowserNames)("a relayed call in %s", (browserName) => {
  let network: RelayNetwork;
  let coturn: Coturn;
  let service: IceService;
  let browser: CallBrowser;
  beforeAll(async () => {
    network = await startRelayNetwork();
    const on = network.servers;
    coturn = await startCoturn({ secrets: [secret], on, listenIps: [turnIp], port: 3478 });
    service = await startIceService({
      on,
      files: { "tokens.yaml": connectorTokens({ page: token }), "turn.secret": secret },
      config: {
        listen: { host: serviceIp, port: 8080 },
        auth: { connectorTokensFile: "tokens.yaml" },
        diagnostics: true,
        ice: { stunUrls: [], turn: { urls: [`turn:${turnIp}`], secretFiles: ["turn.secret"] } },
        shutdown: { delay: "0s" },
      },
    });
    browser = await openCallBrowser[browserName](`${service.url}/`, network.home);
    // The page of the service is of its origin. The script does not use what else is in it.
    await browser.evaluate(`(() => { ${await bundleScript(callScriptFile)} })()`);
  });
  afterAll(async () => {
    await browser?.stop();
    await service?.stop();
    await coturn?.stop();
    await network?.stop();
  });

  const options = () => ({ url: service.url, token, ttlSeconds: 3600 });
  const page = () => driveCalls(browser.evaluate);
  async function receives(expect: ExpectStatic, name: string) {
    const { received } = (await page().read(name)).callee;
    await expect
      .poll(async () => (await page().read(name)).callee.received, patience)
      .toBeGreaterThan(received + 100);
  }
  async function expectRestarted(expect: ExpectStatic, name: string) {
    const { caller, callee } = await page().read(name);
    for (const side of [caller, callee]) {
      expect(side).toMatchObject({ state: "connected", policy: "relay", isLost: false });
      expect(side.generations).toBeGreaterThan(1);
    }
  }
  const change = (...args: readonly string[]) => network.home.run("ip", ...args);

  it.sequential("goes on over another address when nothing comes through from the first", async ({
    expect,
  }) => {
    await page().start("silent", options());
    await receives(expect, "silent");
    await change("address", "add", "192.168.7.3/24", "dev", "eth0");
    await change("route", "replace", "default", "via", "192.168.7.1", "src", "192.168.7.3");
    // A router that takes packets, and that nobody sees.
    const nowhere = "192.168.7.99";
    const hardware = ["lladdr", "02:00:00:00:00:99", "dev", "eth0", "nud", "permanent"];
    await change("neighbor", "add", nowhere, ...hardware);
    await change("route", "add", "default", "via", nowhere, "dev", "eth0", "table", "99");
    await change("rule", "add", "from", "192.168.7.2", "table", "99");
    await receives(expect, "silent");
    await expectRestarted(expect, "silent");
    await page().end("silent");
  });

  it.sequential(lossTitles[browserName], async ({ expect }) => {
    await page().start("removed", options());
    await receives(expect, "removed");
    await change("address", "flush", "dev", "eth0");
    await change("address", "add", "192.168.7.4/24", "dev", "eth0");
    await change("route", "add", "default", "via", "192.168.7.1");
    if (browserName === "Chromium") {
      await receives(expect, "removed");
      await expectRestarted(expect, "removed");
      return;
    }
    await expect
      .poll(async () => (await page().read("removed")).caller.isLost, patience)
      .toBe(true);
    await page().start("new", options());
    await receives(expect, "new");
  });
});
