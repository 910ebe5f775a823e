import { createSecretKey } from "node:crypto";
import { fileURLToPath } from "node:url";
import { createCredentialIssuer } from "../../src/turn/providers/shared-secret/turn-credential.js";
import { startProcess } from "./child-process.js";
import { type Coturn, type CoturnOptions, startCoturn } from "./coturn.js";
import { type NetworkHost, openNetworkHost } from "./network-host.js";
import { secondsFromNow } from "./real-time.js";
import { holdRemoteRelays } from "./remote-caller.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

const script = fileURLToPath(new URL("relay-network.sh", import.meta.url));

/** That of the coturns in the network, unless they are started with others. */
export const networkSecret = "north-north-north-north";

/** The names that there are in the network, with their addresses. */
export const networkNames = {
  "turn.example.com": "11.0.0.10",
  "routed.example.com": "11.0.0.20",
  "other.example.com": "11.0.0.20",
} as const;

/** Hosts with addresses of their own, apart from all other networks. See relay-network.sh. */
export interface RelayNetwork {
  /** Public: 11.0.0.10 to 11.0.0.29 and 2a00:1::10 to 2a00:1::29. */
  readonly servers: NetworkHost;
  /** Public: 11.0.1.2 and 2a00:1:1::2. */
  readonly outside: NetworkHost;
  /** 192.168.7.2, behind a NAT whose public address is 11.0.2.1. */
  readonly home: NetworkHost;
  /** Starts a coturn at port 3478 of an address of `servers`. It ends with the network, if not before. */
  startCoturn(ip: string, options?: Partial<CoturnOptions>): Promise<Coturn>;
  /**
   * Takes relays from outside, at port 3478 of a server that has the secret of the network, as a caller
   * of this name does, and keeps them until the network ends.
   * @param count by default 1
   */
  holdRelays(ip: string, name: string, count?: number): Promise<void>;
  /**
   * Drops packets that reach `servers`.
   * @param packets which ones, as nft says it: `ip daddr 11.0.0.12 udp dport != 3478`
   */
  drop(packets: string): Promise<void>;
  dropNothing(): Promise<void>;
  /** What has to be stopped with the network. */
  stopLater(stop: () => Promise<unknown>): void;
  stop(): Promise<void>;
}

/** Makes the network. Whoever is not root is root in there. */
export async function startRelayNetwork(): Promise<RelayNetwork> {
  const isRoot = process.getuid?.() === 0;
  const directory = await createTemporaryDirectory("network");
  // Chromium asks for names that end with a dot.
  const lines = Object.entries(networkNames).map(([name, ip]) => `${ip} ${name} ${name}.\n`);
  const names = await directory.write("hosts", `127.0.0.1 localhost\n${lines.join("")}`, 0o644);
  const child = startProcess({
    name: "network",
    command: "unshare",
    args: [...(isRoot ? [] : ["--user", "--map-root-user"]), "--net", "bash", script, names],
    cwd: directory.path,
  });
  const pids = await child.untilReady(() => {
    const lines = child.stdout().split("\n");
    return lines.includes("ready")
      ? new Map(lines.map((line) => [line.split(" ")[0], line.split(" ")[1]]))
      : undefined;
  });
  const findHost = (name: string): NetworkHost => {
    const pid = pids.get(name);
    if (pid === undefined) {
      throw new Error(`the network has no host ${name}`);
    }
    return openNetworkHost(pid);
  };
  const [servers, outside, home] = [findHost("servers"), findHost("outside"), findHost("home")];
  const issue = createCredentialIssuer(createSecretKey(networkSecret, "utf8"));
  const stops: (() => Promise<unknown>)[] = [];
  return {
    servers,
    outside,
    home,
    async startCoturn(ip, options = {}) {
      const coturn = await startCoturn({
        secrets: [networkSecret],
        on: servers,
        listenIps: [ip],
        port: 3478,
        ...options,
      });
      stops.push(coturn.stop);
      return coturn;
    },
    async holdRelays(ip, name, count) {
      const credential = issue(name, secondsFromNow(600));
      const caller = await holdRemoteRelays(outside, ip, credential, count);
      stops.push(() => caller.stop());
    },
    async drop(packets) {
      const chain = "add chain inet filter input { type filter hook input priority 0; }";
      const rule = `add rule inet filter input ${packets} drop`;
      await servers.run("nft", `add table inet filter; ${chain}; ${rule}`);
    },
    async dropNothing() {
      await servers.run("nft", "add table inet filter; delete table inet filter");
    },
    stopLater: (stop) => void stops.push(stop),
    async stop() {
      await Promise.all(stops.map((stop) => stop()));
      await child.stop("SIGKILL");
      await directory.remove();
    },
  };
}
