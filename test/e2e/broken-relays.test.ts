import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import type { ProbeCause } from "../../src/probe/probe-failure.js";
import { type BothBrowsers, startBothBrowsers } from "../parts/both-browsers.js";
import { openBridge } from "../parts/bridge.js";
import { startBrokenNetwork } from "../parts/broken-network.js";
import {
  atQuota,
  type BrokenServer,
  brokenForHome,
  brokenServers,
} from "../parts/broken-servers.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { startProcess } from "../parts/child-process.js";
import { listStates, type PageBrowserName, pageBrowserNames } from "../parts/diagnostic-page.js";
import { startIceService } from "../parts/ice-service.js";
import { networkSecret, type RelayNetwork } from "../parts/relay-network.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const document = fileURLToPath(new URL("../../docs/check.md", import.meta.url));

const checkSchema = z.object({
  results: z.array(
    z.looseObject({
      url: z.string(),
      ok: z.boolean(),
      cause: z.string().optional(),
      alternateServers: z.array(z.string()).optional(),
    }),
  ),
});
const healthSchema = z.object({
  groups: z.array(
    z.object({
      urls: z.array(
        z.looseObject({
          url: z.string(),
          state: z.string(),
          lastCause: z.string().optional(),
          relayProven: z.literal(true).optional(),
        }),
      ),
    }),
  ),
});

/** What each way of looking at the servers is, from where, and with whose names. */
const surroundings = {
  outside: { at: "outside", identity: "static", servers: brokenServers },
  home: { at: "home", identity: "static", servers: brokenForHome },
  quota: { at: "outside", identity: "subject", servers: [atQuota] },
} as const;
type Place = "outside" | "home";
type Surroundings = (typeof surroundings)[keyof typeof surroundings];

let authority: TestCertificate;
let network: RelayNetwork;
let directory: TemporaryDirectory;
beforeAll(async () => {
  authority = await createCertificate();
  directory = await createTemporaryDirectory("broken-relays");
  network = await startBrokenNetwork(authority);
});
afterAll(async () => {
  await network?.stop();
  await directory?.remove();
  await authority?.stop();
});

const files = { "tokens.yaml": "tokens: []", "turn.secret": networkSecret };
const configure = (urls: readonly string[], identity: string, probe?: object) => ({
  auth: { connectorTokensFile: "tokens.yaml" },
  ice: { stunUrls: [], turn: { urls, secretFiles: ["turn.secret"], identity, ...probe } },
});

const isWarning = (cause: ProbeCause | undefined) =>
  cause === "quota" || cause === "relay-not-tested";

describe("ice-service check", () => {
  async function check(servers: readonly BrokenServer[], at: Place, identity: string) {
    for (const [name, content] of Object.entries(files)) {
      await directory.write(name, content);
    }
    const urls = servers.map(({ url }) => url);
    const config = await directory.write(
      `${at}-${identity}.yaml`,
      stringify(configure(urls, identity)),
    );
    const [command = "", ...enter] = [...network[at].enter, process.execPath, program, "check"];
    const options = ["--config", config, "--ca", authority.caFile, "--timeout", "4s", "--json"];
    const args = [...enter, ...options];
    const child = startProcess({ name: "check", command, args, cwd: directory.path });
    const status = await child.stop("SIGCONT");
    const { results } = checkSchema.parse(JSON.parse(child.stdout()));
    return { status, results };
  }

  function expectFound(
    { status, results }: Awaited<ReturnType<typeof check>>,
    servers: readonly BrokenServer[],
  ) {
    expect(results.map(({ url, cause, ok }) => [url, cause, ok])).toEqual(
      servers.map(({ url, cause }) => [url, cause, cause === undefined || isWarning(cause)]),
    );
    expect(status).toBe(results.every(({ ok }) => ok) ? 0 : 1);
  }

  it("names what is wrong with each server, also behind a NAT, where there is IPv4", async () => {
    const isSeenAlike = ({ url }: BrokenServer) =>
      !url.includes("[") && !brokenForHome.some((each) => each.url === url);
    const seenAlike = brokenServers.filter(isSeenAlike);
    const [outside, home] = await Promise.all([
      check(brokenServers, "outside", "static"),
      check(seenAlike, "home", "static"),
    ]);
    expectFound(outside, brokenServers);
    expectFound(home, seenAlike);
  });

  it.each([surroundings.home, surroundings.quota])(
    "names what only shows $at, with identity: $identity",
    async ({ servers, at, identity }) => {
      expectFound(await check(servers, at, identity), servers);
    },
  );

  it("shows where a server sends its clients", async () => {
    const servers = brokenServers.filter(({ url }) => url === "turn:11.0.0.14");
    const { results } = await check(servers, "outside", "static");
    expect(results).toMatchObject([
      { address: "11.0.0.14:3478", alternateServers: ["11.0.0.10:3478"], relayProven: true },
    ]);
  });
});

const isOfRelay = (cause: ProbeCause | undefined) =>
  cause === "relay-unreachable" || cause === "peer-denied" || cause === "relay-not-tested";
const isDown = (cause: ProbeCause | undefined, relay: string) =>
  cause !== undefined && cause !== "quota" && (relay === "require" || !isOfRelay(cause));

describe("/health/turn", () => {
  async function watchHealth(
    { servers, at, identity }: Surroundings,
    relay: "auto" | "require" | "off",
  ): Promise<void> {
    const urls = servers.map(({ url }) => url);
    const times = { interval: "3s", timeout: "3s", failures: 1, successes: 1, concurrency: 40 };
    const service = await startIceService({
      on: network[at],
      files,
      config: {
        ...configure(urls, identity, { probe: { ...times, relay } }),
        admin: { port: 0 },
        shutdown: { delay: "0s" },
      },
      env: { NODE_EXTRA_CA_CERTS: authority.caFile },
    });
    const bridge = await openBridge(network[at], service.adminUrl ?? "");
    try {
      await expect
        .poll(async () => {
          const health = healthSchema.parse(await bridge.getJson("/health/turn"));
          return health.groups.flatMap((group) =>
            group.urls.map((each) => [each.url, each.state, each.lastCause, each.relayProven]),
          );
        })
        .toEqual(
          servers.map(({ url, cause, probeCause = cause }) => [
            url,
            isDown(probeCause, relay) ? "down" : "up",
            relay === "off" && isOfRelay(probeCause) ? undefined : probeCause,
            // Where the probe's name is at its quota, another one proves the relay.
            [undefined, "quota"].includes(probeCause) && relay !== "off" ? true : undefined,
          ]),
        );
    } finally {
      await bridge.stop();
      await service.stop();
    }
  }

  it.each(["auto", "require", "off"] as const)("says the causes, with relay: %s", (relay) =>
    watchHealth(surroundings.outside, relay),
  );
  it.each(["auto", "require"] as const)("says them behind a NAT, with relay: %s", (relay) =>
    watchHealth(surroundings.home, relay),
  );
  it("warns of a quota", () => watchHealth(surroundings.quota, "require"));
});

const resultIn = ({ page }: BrokenServer, name: PageBrowserName) =>
  typeof page === "object" ? page[name] : page;

function expectInPage(server: BrokenServer, name: PageBrowserName) {
  const result = resultIn(server, name);
  switch (result) {
    case "works":
      return [server.url, "works", undefined];
    case "relay-not-tested":
      return [server.url, "unproven", result];
    default:
      return [server.url, "fails", result];
  }
}

describe("the page", () => {
  const both = new Map<Place, BothBrowsers>();
  beforeAll(async () => {
    for (const at of ["outside", "home"] as const) {
      both.set(at, await startBothBrowsers(network[at], authority.caFile));
    }
  });
  afterAll(async () => {
    await Promise.all([...both.values()].map((each) => each.stop()));
  });

  async function diagnose(at: Place, { servers: all, identity }: Surroundings) {
    const servers = all.filter(({ page }: BrokenServer) => page !== undefined);
    const turnUrls = servers.map(({ url }) => url);
    const reports = await both.get(at)?.diagnose({ turnUrls, identity });
    const found = pageBrowserNames.map((name) => reports && listStates(reports[name]));
    const expected = pageBrowserNames.map((name) =>
      servers.map((server) => expectInPage(server, name)),
    );
    return { found, expected, reports };
  }

  it("names what is wrong with each server, in both browsers", async () => {
    // It mostly waits.
    const [outside, home] = await Promise.all([
      diagnose("outside", surroundings.outside),
      diagnose("home", surroundings.home),
    ]);
    expect(outside.found).toEqual(outside.expected);
    expect(home.found).toEqual(home.expected);
    for (const name of pageBrowserNames) {
      expect(outside.reports?.[name].verdicts).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: "IPv4", level: "good" }),
          expect.objectContaining({ name: "IPv6", level: "good" }),
        ]),
      );
    }
  });

  it("is not bothered by a quota of the probes", async () => {
    const { found, expected } = await diagnose("home", surroundings.quota);
    expect(found).toEqual(expected);
  });
});

describe("docs/check.md", () => {
  const code = (text: string) => `\`${text}\``;
  const printResult = (result = "") => (result === "works" ? result : code(result));
  const printPage = (server: BrokenServer) => {
    const [inChromium, inFirefox] = pageBrowserNames.map((name) => resultIn(server, name));
    return inChromium === inFirefox
      ? printResult(inChromium)
      : `${printResult(inChromium)}; in Firefox ${printResult(inFirefox)}`;
  };
  const printCause = ({ cause, probeCause }: BrokenServer) => {
    if (cause === undefined) {
      return "none";
    }
    return isWarning(cause)
      ? `${code(cause)} (warning)`
      : [code(cause), ...(probeCause ? [`; probes: ${code(probeCause)}`] : [])].join("");
  };
  const printLeftOut = ({ cause }: BrokenServer) => {
    if (cause === undefined || isWarning(cause)) {
      return "no";
    }
    return isOfRelay(cause) ? "yes, if it was proven before (`auto`)" : "yes";
  };

  it("has a row for each of these", () => {
    const [, section = ""] = readFileSync(document, "utf8").split("\n## Ways to break");
    const rows = [...section.matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) =>
      row.split("|").map((cell) => cell.trim()),
    );
    const all = [...brokenServers, ...brokenForHome, atQuota];
    const expected = all.flatMap((server) =>
      server.broken === undefined
        ? []
        : [[server.broken, printCause(server), printPage(server), printLeftOut(server)]],
    );
    expect(rows.slice(2)).toEqual(expected);
  });
});
