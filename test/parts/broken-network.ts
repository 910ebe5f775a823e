import { proxyIp, startBrokenProxies } from "./broken-proxies.js";
import type { TestCertificate } from "./certificate.js";
import type { CoturnOptions } from "./coturn.js";
import { networkNames, type RelayNetwork, startRelayNetwork } from "./relay-network.js";

/** More than the page needs in two browsers that have one name. */
const ownQuota = 12;

/** Of the coturns that have an address for themselves. */
const coturns: readonly (readonly [ip: string, options?: Partial<CoturnOptions>])[] = [
  ["11.0.0.11", { extra: ["external-ip=11.0.9.9"] }],
  ["11.0.0.12"],
  ["11.0.0.13", { extra: ["denied-peer-ip=0.0.0.0-255.255.255.255"] }],
  ["11.0.0.14", { extra: ["alternate-server=11.0.0.10:3478"] }],
  ["11.0.0.15", { extra: ["total-quota=1"] }],
  ["11.0.0.16", { extra: ["max-bps=1000", "bps-capacity=1000"] }],
  ["11.0.0.17", { authentication: "user" }],
  ["11.0.0.18", { relayIps: ["2a00:1::18"] }],
  ["2a00:1::19", { relayIps: ["11.0.0.19"] }],
  ["11.0.0.21", { extra: ["user-quota=1"] }],
  ["11.0.0.22", { extra: [`user-quota=${ownQuota}`] }],
  ["11.0.0.23", { extra: ["alternate-server=11.0.0.24:3478"] }],
  ["11.0.0.24", { extra: ["alternate-server=11.0.0.23:3478"] }],
  ["11.0.0.25", { relayPortCount: 1 }],
  ["11.0.0.26", { authentication: "none" }],
  ["11.0.0.27", { clockAheadSeconds: 2 * 86_400 }],
  ["11.0.0.28", { secrets: ["a-secret-of-somebody-else"] }],
  ["11.0.0.29", { extra: ["no-udp-relay"] }],
  ["2a00:1::10", { extra: ["allocation-default-address-family=keep"] }],
];

/** Those that are full, each with who has taken the room. */
const holders: readonly (readonly [ip: string, name: string, count?: number])[] = [
  ["11.0.0.15", "webrtc-gateway"],
  ["11.0.0.16", "webrtc-gateway"],
  ["11.0.0.21", "webrtc-gateway"],
  ["11.0.0.25", "webrtc-gateway"],
  ["11.0.0.22", "ice-service-probe", ownQuota],
  ["11.0.0.22", "ice-service-check-0", ownQuota],
];

/**
 * Makes a network with the servers of broken-servers.ts, each broken in its own way.
 * @param authority whose certificates the good ones have
 */
export async function startBrokenNetwork(authority: TestCertificate): Promise<RelayNetwork> {
  const names = Object.keys(networkNames).map((name) => `DNS:${name}`);
  const hosts = [...names, "IP:11.0.0.10", `IP:${proxyIp}`];
  const certFile = await authority.signAnother(hosts.join(), 1);
  const tls = { certFile, keyFile: authority.keyFile };
  const network = await startRelayNetwork();
  try {
    await Promise.all([
      network.startCoturn("11.0.0.10", { tls, tlsPort: 5349 }),
      ...coturns.map(([ip, options]) => network.startCoturn(ip, options)),
    ]);
    await startBrokenProxies(network, authority, tls);
    await Promise.all(holders.map((each) => network.holdRelays(...each)));
    await network.drop("ip daddr 11.0.0.12 udp dport != 3478");
    await network.drop("ip daddr 11.0.0.10 udp dport 3479");
    return network;
  } catch (error) {
    await network.stop();
    throw error;
  }
}
