import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { startProcess } from "../parts/child-process.js";
import { runDiagnosis, startPageBrowser } from "../parts/diagnostic-page.js";
import { startEturnalEngine } from "../parts/eturnal-engine.js";
import { startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { type PionServer, startPionServer } from "./pion-server.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const secret = "north-north-north-north";

let directory: TemporaryDirectory;
const servers: Pick<PionServer, "stop">[] = [];
beforeAll(async () => {
  directory = await createTemporaryDirectory("pion");
  await directory.write("turn.secret", secret);
  await directory.write("tokens.yaml", "tokens: []");
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await directory.remove();
});

async function startPion(...args: readonly string[]): Promise<number> {
  const server = await startPionServer(secret, ...args);
  servers.push(server);
  return server.port;
}

/** What the built program says. */
async function check(urls: readonly string[], ...args: readonly string[]) {
  const config = await directory.write(
    "ice.yaml",
    stringify({
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls: [], turn: { urls, secretFiles: ["turn.secret"] } },
    }),
  );
  const child = startProcess({
    name: "check",
    command: process.execPath,
    args: [program, "check", "--config", config, "--json", ...args],
    cwd: directory.path,
  });
  const status = await child.stop("SIGCONT");
  return { status, report: JSON.parse(child.stdout()) };
}

describe("ice-service check, at pion's server", { timeout: 400_000 }, () => {
  it("says that packets cross its relays, and that these end after their credentials", async () => {
    const url = `turn:127.0.0.1:${await startPion()}`;
    const { status, report } = await check([url, `${url}?transport=tcp`], "--lifetime");
    const works = {
      ok: true,
      relayProven: true,
      lifetime: {
        verdict: "ends-unrefreshed",
        detail: expect.stringMatching(/^packets still cross, Refresh is refused with 40[01]/),
        meaning: expect.stringContaining("longer than your longest call"),
      },
    };
    expect(report.results).toMatchObject([works, works]);
    expect(status).toBe(0);
  });

  it("says that it denies its peers", async () => {
    const { status, report } = await check([`turn:127.0.0.1:${await startPion("-deny-peers")}`]);
    expect(report.results).toMatchObject([{ ok: false, cause: "peer-denied" }]);
    expect(status).toBe(1);
  });
});

describe("the diagnostic page, in Chromium", () => {
  it("proves relays of pion and of eturnal's engine, and names pion's refusal", async () => {
    const eturnal = await startEturnalEngine(secret, "lax");
    servers.push(eturnal);
    const url = (port: number) => `turn:127.0.0.1:${port}`;
    const rows = [
      [url(await startPion()), "works", undefined],
      [url(await startPion("-deny-peers")), "fails", "peer-denied"],
      [url(eturnal.port), "works", undefined],
      [`${url(eturnal.port)}?transport=tcp`, "works", undefined],
    ];
    const service = await startIceService({
      args: ["--dev"],
      env: {
        ICE_STUN_URLS: "",
        ICE_TURN_URLS: rows.map(([text]) => text).join(),
        ICE_TURN_SECRET: secret,
      },
    });
    const browser = await startPageBrowser.Chromium();
    try {
      const [link = ""] = /http\S+\/#token=\S+/.exec(service.stdout()) ?? [];
      const { urls } = await runDiagnosis(browser, link);
      expect(urls.map((each) => [each.url.text, each.state, each.reason?.name])).toEqual(rows);
    } finally {
      await browser.stop();
      await service.stop();
    }
  });
});
