import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Bridge, openBridge } from "../parts/bridge.js";
import type { Coturn } from "../parts/coturn.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { networkSecret, type RelayNetwork, startRelayNetwork } from "../parts/relay-network.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "relay-failover-token";
const ips = { a: "11.0.0.10", b: "11.0.0.11", c: "11.0.0.12" } as const;
type Name = keyof typeof ips;
const names: readonly Name[] = ["a", "b", "c"];
const url = (name: Name) => `turn:${ips[name]}`;

const listSchema = z.object({ iceServers: z.array(z.object({ urls: z.array(z.string()) })) });
const healthSchema = z.object({
  groups: z.array(
    z.object({ urls: z.array(z.looseObject({ relayProven: z.literal(true).optional() })) }),
  ),
});

let network: RelayNetwork;
const coturns = new Map<Name, Coturn>();
/** Those whose relays packets cross, as far as this test knows. */
const relaying = new Set<Name>();

async function start(name: Name, ...extra: readonly string[]): Promise<void> {
  coturns.set(name, await network.startCoturn(ips[name], { extra }));
}

/** The ways in which a server that answers is of no use. */
const breakages = {
  closedPorts: (name: Name) => network.drop(`ip daddr ${ips[name]} udp dport != 3478`),
  async wrongExternalIp(name: Name) {
    await coturns.get(name)?.stop();
    await start(name, "external-ip=11.0.9.9");
  },
  async deniedPeers(name: Name) {
    await coturns.get(name)?.stop();
    await start(name, "denied-peer-ip=0.0.0.0-255.255.255.255");
  },
  async full(name: Name) {
    await coturns.get(name)?.stop();
    await start(name, "total-quota=1");
    // Probes may be in the way.
    const hold = (tries: number): Promise<void> =>
      network.holdRelays(ips[name], "webrtc-gateway").catch((error: unknown) => {
        if (tries === 0) {
          throw error;
        }
        return hold(tries - 1);
      });
    await hold(20);
  },
};

async function breakRelay(name: Name, how: keyof typeof breakages): Promise<void> {
  relaying.delete(name);
  await breakages[how](name);
}

async function mend(name: Name): Promise<void> {
  await coturns.get(name)?.stop();
  await network.dropNothing();
  await start(name);
  relaying.add(name);
}

beforeAll(async () => {
  network = await startRelayNetwork();
});
afterAll(() => network?.stop());

describe.each(["require", "auto"] as const)("lists with ice.turn.probe.relay: %s", (relay) => {
  let service: IceService;
  let api: Bridge;
  let admin: Bridge;
  beforeAll(async () => {
    await Promise.all(names.map((name) => coturns.get(name)?.stop()));
    await network.dropNothing();
    for (const name of names) {
      await start(name);
      relaying.add(name);
    }
    const urls = names.map(url);
    const probe = { interval: "2s", timeout: "2s", failures: 2, successes: 1, relay };
    service = await startIceService({
      on: network.outside,
      files: { "tokens.yaml": connectorTokens({ test: token }), "turn.secret": networkSecret },
      config: {
        admin: { port: 0 },
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: { stunUrls: [], turn: { urls, secretFiles: ["turn.secret"], probe } },
        shutdown: { delay: "0s" },
      },
    });
    api = await openBridge(network.outside, service.url);
    admin = await openBridge(network.outside, service.adminUrl ?? "");
  }, 120_000);
  afterAll(async () => {
    await api.stop();
    await admin.stop();
    await service.stop();
  });

  async function getUrls(): Promise<string[]> {
    const headers = { authorization: `Bearer ${token}` };
    const list = listSchema.parse(await api.getJson("/api/v1/ice-servers", headers));
    return list.iceServers.flatMap(({ urls }) => urls);
  }
  const eventually = (...which: readonly Name[]) =>
    expect.poll(getUrls, { interval: 200 }).toEqual(which.map(url));
  const countProven = async () => {
    const { groups } = healthSchema.parse(await admin.getJson("/health/turn"));
    return groups.flatMap(({ urls }) => urls).filter(({ relayProven }) => relayProven).length;
  };

  it("never hold only servers that do not relay, while one does", async () => {
    const found = { answers: 0, dead: [] as string[] };
    let ended = false;
    const watching = (async () => {
      while (!ended) {
        const before = names.filter((name) => relaying.has(name));
        const urls = await getUrls();
        const all = before.filter((name) => relaying.has(name));
        found.answers += 1;
        if (all.length > 0 && !all.some((name) => urls.includes(url(name)))) {
          found.dead.push(urls.join(" "));
        }
        await sleep(20);
      }
    })();
    try {
      await expect.poll(countProven).toBe(3);
      await breakRelay("a", "closedPorts");
      await eventually("b", "c");
      await breakRelay("b", "wrongExternalIp");
      await eventually("c");
      await mend("a");
      await eventually("a", "c");
      await breakRelay("c", "deniedPeers");
      await eventually("a");
      await mend("b");
      await eventually("a", "b");
      await breakRelay("a", "full");
      await eventually("b");
      await mend("a");
      await mend("c");
      await eventually("a", "b", "c");
    } finally {
      ended = true;
      await watching;
    }
    expect(found.dead).toEqual([]);
    expect(found.answers).toBeGreaterThan(20);
    const causes = service
      .logs()
      .flatMap(({ msg, cause }) => (msg.startsWith("a URL is down") ? [cause] : []));
    expect(causes).toEqual(expect.arrayContaining(["relay-unreachable", "peer-denied", "full"]));
  }, 240_000);
});
