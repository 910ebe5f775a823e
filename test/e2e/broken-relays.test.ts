import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import type { ProbeCause } from "../../src/probe/probe-failure.js";
import { type Bridge, openBridge } from "../parts/bridge.js";
import { startProcess } from "../parts/child-process.js";
import { type Coturn, type CoturnOptions, startCoturn } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { type NetworkHost, type RelayNetwork, startRelayNetwork } from "../parts/relay-network.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const secret = "north-north-north-north";
const token = "broken-relays-token";

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

let network: RelayNetwork;
let directory: TemporaryDirectory;
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
  directory = await createTemporaryDirectory("broken-relays");
  await directory.write("turn.secret", secret);
  await directory.write("tokens.yaml", connectorTokens({ test: token }));
  await start("11.0.0.10");
  await start("11.0.0.11", { extra: ["external-ip=11.0.9.9"] });
  await start("11.0.0.12");
  await start("11.0.0.13", { extra: ["denied-peer-ip=0.0.0.0-255.255.255.255"] });
  await start("11.0.0.14", { extra: ["alternate-server=11.0.0.10:3478"] });
  await network.servers.run(
    ...[
      "nft",
      "add table inet filter; add chain inet filter input { type filter hook input priority 0; }; add rule inet filter input ip daddr 11.0.0.12 udp dport != 3478 drop",
    ],
  );
}, 120_000);
afterAll(async () => {
  await Promise.all(coturns.map((coturn) => coturn.stop()));
  await network.stop();
  await directory.remove();
});

/** Each URL, with what is wrong with its server. */
const rows: readonly (readonly [url: string, cause: ProbeCause | undefined])[] = [
  ["turn:11.0.0.10", undefined],
  ["turn:11.0.0.10?transport=tcp", undefined],
  ["turn:11.0.0.11", "relay-unreachable"],
  ["turn:11.0.0.11?transport=tcp", "relay-unreachable"],
  ["turn:11.0.0.12", "relay-unreachable"],
  ["turn:11.0.0.13", "peer-denied"],
  ["turn:11.0.0.14", undefined],
];

async function check(on: NetworkHost, ...args: readonly string[]) {
  const config = await directory.write(
    "ice.yaml",
    stringify({
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls: [], turn: { urls: rows.map(([url]) => url), secretFiles: ["turn.secret"] } },
    }),
  );
  const [command = "", ...rest] = [...on.enter, process.execPath, program, "check"];
  const child = startProcess({
    name: "check",
    command,
    args: [...rest, "--config", config, "--json", ...args],
    cwd: directory.path,
  });
  const status = await child.stop("SIGCONT");
  const { results } = checkSchema.parse(JSON.parse(child.stdout()));
  return { status, found: results.map(({ url, cause }) => [url, cause]), results };
}

describe.each(["outside", "home"] as const)("ice-service check, at a machine that is %s", (at) => {
  it("names what is wrong with each relay", async () => {
    const { status, found, results } = await check(network[at]);
    expect(found).toEqual(rows);
    expect(results.map(({ ok }) => ok)).toEqual(rows.map(([, cause]) => cause === undefined));
    expect(results.find(({ url }) => url === "turn:11.0.0.14")).toMatchObject({
      address: "11.0.0.14:3478",
      alternateServers: ["11.0.0.10:3478"],
    });
    expect(status).toBe(1);
  });
});

describe.each(["auto", "require", "off"] as const)("ice.turn.probe.relay: %s", (relay) => {
  let service: IceService;
  const bridges: Bridge[] = [];
  beforeAll(async () => {
    service = await startIceService({
      on: network.outside,
      files: { "tokens.yaml": connectorTokens({ test: token }), "turn.secret": secret },
      config: {
        admin: { port: 0 },
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: {
          stunUrls: [],
          turn: {
            urls: rows.map(([url]) => url),
            secretFiles: ["turn.secret"],
            probe: { interval: "2s", timeout: "2s", failures: 2, successes: 1, relay },
          },
        },
        shutdown: { delay: "0s" },
      },
    });
    for (const url of [service.url, service.adminUrl ?? ""]) {
      bridges.push(await openBridge(network.outside, url));
    }
  });
  afterAll(async () => {
    await Promise.all(bridges.map((bridge) => bridge.stop()));
    await service.stop();
  });

  it("says the causes", async () => {
    await expect
      .poll(async () => {
        const health = healthSchema.parse(await bridges[1]?.getJson("/health/turn"));
        return health.groups.flatMap(({ urls }) =>
          urls.map((each) => [each.url, each.state, each.lastCause, each.relayProven]),
        );
      })
      .toEqual(
        rows.map(([url, cause]) => [
          url,
          cause !== undefined && relay === "require" ? "down" : "up",
          relay === "off" ? undefined : cause,
          cause === undefined && relay !== "off" ? true : undefined,
        ]),
      );
  });
});
