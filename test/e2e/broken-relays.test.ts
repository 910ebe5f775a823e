import { createSecretKey } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import type { ProbeCause } from "../../src/probe/probe-failure.js";
import { createCredentialIssuer } from "../../src/turn/providers/shared-secret/turn-credential.js";
import { type Bridge, openBridge } from "../parts/bridge.js";
import { type ChildProcess, startProcess } from "../parts/child-process.js";
import { type Coturn, type CoturnOptions, startCoturn } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { secondsFromNow } from "../parts/real-time.js";
import { type NetworkHost, type RelayNetwork, startRelayNetwork } from "../parts/relay-network.js";
import { holdRemoteRelay } from "../parts/remote-caller.js";
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
const held: ChildProcess[] = [];

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

/** Takes a relay as a caller does, and keeps it. */
async function holdRelay(host: string): Promise<void> {
  const issue = createCredentialIssuer(createSecretKey(secret, "utf8"));
  const credential = issue("webrtc-gateway", secondsFromNow(600));
  held.push(await holdRemoteRelay(network.outside, host, credential));
}

/** A proxy that TURN servers see in place of their clients. */
async function startTcpProxy(ip: string, to: string): Promise<void> {
  const config = await directory.write(
    "haproxy.cfg",
    `
defaults
  mode tcp
  timeout connect 30s
  timeout client 60s
  timeout server 60s
listen turn
  bind ${ip}:3478
  source ${ip}
  server turn ${to}:3478
`,
  );
  const [command = "", ...args] = [...network.servers.enter, "haproxy", "-db", "-f", config];
  const child = startProcess({ name: "haproxy", command, args, cwd: directory.path });
  held.push(child);
  await child.untilReady(() => network.servers.acceptsTcp(ip, 3478));
}

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
  await start("11.0.0.15", { extra: ["total-quota=1"] });
  await start("11.0.0.16", { extra: ["max-bps=1000", "bps-capacity=1000"] });
  await start("11.0.0.17", { authentication: "user" });
  await start("11.0.0.18", { relayIps: ["2a00:1::18"] });
  await start("2a00:1::19", { relayIps: ["11.0.0.19"] });
  await startTcpProxy("11.0.0.20", "11.0.0.10");
  await holdRelay("11.0.0.15");
  await holdRelay("11.0.0.16");
  await network.servers.run(
    ...[
      "nft",
      "add table inet filter; add chain inet filter input { type filter hook input priority 0; }; add rule inet filter input ip daddr 11.0.0.12 udp dport != 3478 drop",
    ],
  );
}, 120_000);
afterAll(async () => {
  await Promise.all([...held, ...coturns].map((each) => each.stop()));
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
  ["turn:11.0.0.15", "full"],
  ["turn:11.0.0.16", "full"],
  ["turn:11.0.0.17", "wrong-secret"],
  ["turn:11.0.0.18", "address-family"],
  ["turn:[2a00:1::19]", "relay-not-tested"],
  ["turn:11.0.0.20?transport=tcp", undefined],
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

/** At home, there is no IPv6, and our public address is not known where the server sees a proxy. */
function seeFromHome([url, cause]: (typeof rows)[number]) {
  switch (url) {
    case "turn:[2a00:1::19]":
      return [url, "no-route"];
    case "turn:11.0.0.20?transport=tcp":
      return [url, "relay-not-tested"];
    default:
      return [url, cause];
  }
}

describe.each(["outside", "home"] as const)("ice-service check, at a machine that is %s", (at) => {
  it("names what is wrong with each relay", async () => {
    const { status, found, results } = await check(network[at]);
    expect(found).toEqual(at === "home" ? rows.map(seeFromHome) : rows);
    expect(results.map(({ ok, cause }) => ok || cause)).toEqual(
      found.map(([, cause]) => cause === undefined || cause === "relay-not-tested" || cause),
    );
    expect(results.find(({ url }) => url === "turn:11.0.0.14")).toMatchObject({
      address: "11.0.0.14:3478",
      alternateServers: ["11.0.0.10:3478"],
    });
    expect(status).toBe(1);
  });
});

const isOfRelay = (cause: ProbeCause | undefined) =>
  cause === "relay-unreachable" || cause === "peer-denied" || cause === "relay-not-tested";
const isDown = (cause: ProbeCause | undefined, relay: string) =>
  cause !== undefined && (relay === "require" || !isOfRelay(cause));

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
          isDown(cause, relay) ? "down" : "up",
          relay === "off" && isOfRelay(cause) ? undefined : cause,
          cause === undefined && relay !== "off" ? true : undefined,
        ]),
      );
  });
});
