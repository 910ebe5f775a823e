import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openBridge } from "../parts/bridge.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import type { Coturn, CoturnOptions } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { networkSecret, type RelayNetwork, startRelayNetwork } from "../parts/relay-network.js";
import { type SniRoute, type SniTarget, startSniRoute } from "../parts/sni-route.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "relay-failover-token";
const ips = { a: "11.0.0.10", b: "11.0.0.11", c: "11.0.0.12" } as const;
type Name = keyof typeof ips;
const names: readonly Name[] = ["a", "b", "c"];
/** Leads to c, by SNI. */
const router = { ip: "11.0.0.20", serverName: "routed.example.com" };
const urls: Readonly<Record<Name, string>> = {
  a: `turn:${ips.a}`,
  b: `turn:${ips.b}`,
  c: `turns:${router.serverName}:443?transport=tcp`,
};

const listSchema = z.object({ iceServers: z.array(z.object({ urls: z.array(z.string()) })) });
const healthSchema = z.object({
  groups: z.array(
    z.object({ urls: z.array(z.looseObject({ relayProven: z.literal(true).optional() })) }),
  ),
});

let network: RelayNetwork;
let authority: TestCertificate;
let certificate: { readonly certFile: string; readonly keyFile: string };
let route: SniRoute;
const coturns = new Map<Name, Coturn>();
/** Those whose relays packets cross, as far as this test knows. */
const relaying = new Set<Name>();

async function start(name: Name, options: Partial<CoturnOptions> = {}): Promise<void> {
  const tls = name === "c" && { tls: certificate, tlsPort: 5349 };
  coturns.set(name, await network.startCoturn(ips[name], { ...tls, ...options }));
}

/** Starts a server anew, with something wrong. */
const restart =
  (options: Partial<CoturnOptions>, isFull = false) =>
  async (name: Name) => {
    await coturns.get(name)?.stop();
    await start(name, options);
    if (isFull) {
      await occupy(name);
    }
  };

/** Takes all relays. A probe may have the only one, for as long as it takes to prove it. */
async function occupy(name: Name, tries = 300): Promise<void> {
  try {
    await network.holdRelays(ips[name], "webrtc-gateway");
  } catch (error) {
    if (tries === 0) {
      throw error;
    }
    await sleep(100);
    await occupy(name, tries - 1);
  }
}

/** Leads the name in the URL of c elsewhere. */
const reroute = (to: SniTarget) => async (name: Name) => {
  expect(name).toBe("c");
  await route.lead(to);
};

/** The ways in which a server that answers is of no use. */
const breakages = {
  closedPorts: (name: Name) => network.drop(`ip daddr ${ips[name]} udp dport != 3478`),
  wrongExternalIp: restart({ extra: ["external-ip=11.0.9.9"] }),
  deniedPeers: restart({ extra: ["denied-peer-ip=0.0.0.0-255.255.255.255"] }),
  fullOfUsers: restart({ extra: ["total-quota=1"] }, true),
  fullOfBits: restart({ extra: ["max-bps=1000", "bps-capacity=1000"] }, true),
  otherUsers: restart({ authentication: "user" }),
  ipv6Only: restart({ relayIps: ["2a00:1::20"] }),
  redirectLoop: restart({ extra: ["alternate-server=11.0.0.13:3478"] }),
  routeGone: reroute("nothing"),
  routeToWebServer: reroute("web"),
};

async function breakRelay(name: Name, how: keyof typeof breakages): Promise<void> {
  relaying.delete(name);
  await breakages[how](name);
}

async function mend(name: Name): Promise<void> {
  await coturns.get(name)?.stop();
  // Only what concerns this server: others may be broken on purpose.
  if (name === "a") {
    await network.dropNothing();
  }
  await start(name);
  if (name === "c") {
    await route.lead("turn");
  }
  relaying.add(name);
}

beforeAll(async () => {
  authority = await createCertificate();
  const certFile = await authority.signAnother(`DNS:${router.serverName}`, 1);
  certificate = { certFile, keyFile: authority.keyFile };
  network = await startRelayNetwork();
  route = await startSniRoute(network, { ...router, turn: `${ips.c}:5349`, certificate });
  // Where redirectLoop leads to.
  await network.startCoturn("11.0.0.13", { extra: ["alternate-server=11.0.0.14:3478"] });
  await network.startCoturn("11.0.0.14", { extra: ["alternate-server=11.0.0.13:3478"] });
  for (const name of names) {
    await mend(name);
  }
  for (const relay of ["require", "auto"] as const) {
    observed.push(await observe(relay));
  }
});
afterAll(async () => {
  await Promise.all(observed.map((each) => each.stop()));
  await network?.stop();
  await authority?.stop();
});

/** A service, and what its callers get. */
interface Observed {
  readonly service: IceService;
  getUrls(): Promise<string[]>;
  countProven(): Promise<number>;
  stop(): Promise<void>;
}
const observed: Observed[] = [];

async function observe(relay: "require" | "auto"): Promise<Observed> {
  const probe = { interval: "2s", timeout: "2s", failures: 2, successes: 1, relay };
  const service = await startIceService({
    on: network.outside,
    files: { "tokens.yaml": connectorTokens({ test: token }), "turn.secret": networkSecret },
    config: {
      admin: { port: 0 },
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: {
        stunUrls: [],
        turn: { urls: Object.values(urls), secretFiles: ["turn.secret"], probe },
      },
      shutdown: { delay: "0s" },
    },
    env: { NODE_EXTRA_CA_CERTS: authority.caFile },
  });
  const api = await openBridge(network.outside, service.url);
  const admin = await openBridge(network.outside, service.adminUrl ?? "");
  const headers = { authorization: `Bearer ${token}` };
  return {
    service,
    async getUrls() {
      const list = listSchema.parse(await api.getJson("/api/v1/ice-servers", headers));
      return list.iceServers.flatMap(({ urls }) => urls);
    },
    async countProven() {
      const { groups } = healthSchema.parse(await admin.getJson("/health/turn"));
      return groups.flatMap(({ urls }) => urls).filter(({ relayProven }) => relayProven).length;
    },
    async stop() {
      await api.stop();
      await admin.stop();
      await service.stop();
    },
  };
}

const ofBoth = <T>(look: (each: Observed) => Promise<T>) => Promise.all(observed.map(look));
const eventually = (...which: readonly Name[]) =>
  expect
    .poll(() => ofBoth((each) => each.getUrls()), { interval: 200 })
    .toEqual(observed.map(() => which.map((name) => urls[name])));

/** Asks for lists until `isEnded`, and returns those that had only dead servers, while one was alive. */
async function findDeadLists({ getUrls }: Observed, isEnded: () => boolean) {
  const found = { answers: 0, dead: [] as string[] };
  while (!isEnded()) {
    const before = names.filter((name) => relaying.has(name));
    const given = await getUrls();
    const all = before.filter((name) => relaying.has(name));
    found.answers += 1;
    if (all.length > 0 && !all.some((name) => given.includes(urls[name]))) {
      found.dead.push(given.join(" "));
    }
    await sleep(20);
  }
  return found;
}

describe("lists with ice.turn.probe.relay: require, and auto", () => {
  it("never hold only servers that do not relay, while one does", async () => {
    let ended = false;
    const watching = ofBoth((each) => findDeadLists(each, () => ended));
    try {
      await expect.poll(() => ofBoth((each) => each.countProven())).toEqual([3, 3]);
      await breakRelay("a", "closedPorts");
      await breakRelay("c", "routeGone");
      await eventually("b");
      await mend("c");
      await eventually("b", "c");
      await breakRelay("b", "wrongExternalIp");
      await eventually("c");
      await mend("a");
      await eventually("a", "c");
      await breakRelay("c", "deniedPeers");
      await eventually("a");
      await mend("b");
      await eventually("a", "b");
      await breakRelay("a", "fullOfUsers");
      await eventually("b");
      await mend("c");
      await eventually("b", "c");
      await breakRelay("b", "fullOfBits");
      await eventually("c");
      await mend("a");
      await eventually("a", "c");
      await breakRelay("c", "otherUsers");
      await eventually("a");
      await mend("b");
      await eventually("a", "b");
      await breakRelay("a", "ipv6Only");
      await eventually("b");
      await mend("a");
      await mend("c");
      await eventually("a", "b", "c");
      await breakRelay("b", "redirectLoop");
      await breakRelay("c", "routeToWebServer");
      await eventually("a");
      await mend("b");
      await mend("c");
      await eventually("a", "b", "c");
    } finally {
      ended = true;
      await watching;
    }
    for (const { answers, dead } of await watching) {
      expect(dead).toEqual([]);
      expect(answers).toBeGreaterThan(20);
    }
    for (const { service } of observed) {
      const causes = service
        .logs()
        .flatMap(({ msg, cause }) => (msg.startsWith("a URL is down") ? [cause] : []));
      expect(new Set(causes)).toEqual(
        new Set([
          ...["relay-unreachable", "peer-denied", "full", "wrong-secret", "address-family"],
          ...["redirect-loop", "not-tls", "not-stun"],
        ]),
      );
    }
  }, 300_000);
});
