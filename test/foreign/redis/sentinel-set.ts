import { expect } from "vitest";
import type { TestCertificate } from "../../parts/certificate.js";
import { findFreePort } from "../../parts/free-port.js";
import { type RedisServer, startRedisServer } from "../../parts/redis-server.js";

const sentinelCount = 3;

export interface SentinelSetOptions {
  /** The program of all servers: Redis or Valkey. */
  readonly program: string;
  /** With it, all ports take TLS only. */
  readonly certificate?: TestCertificate;
}

/** A master, its replica, and the Sentinels that watch them. */
export interface SentinelSet {
  /** What `limits.redis` needs: a user of each with no more rights than docs/rate-limits.md names. */
  readonly url: string;
  readonly sentinel: {
    readonly addresses: readonly string[];
    readonly username: string;
    readonly password: string;
  };
  findMaster(): Promise<RedisServer>;
  /** Has the Sentinels swap the master and its replica, as for maintenance. */
  swap(): Promise<void>;
  /** Waits until Sentinels have another master than this one. */
  untilReplaced(master: RedisServer): Promise<RedisServer>;
  /** Starts a server anew that was killed, and waits until it follows the master. */
  restart(server: RedisServer): Promise<void>;
  stop(): Promise<void>;
}

/** Starts all of them on loopback, and waits until they know each other. */
export async function startSentinelSet({
  program,
  certificate,
}: SentinelSetOptions): Promise<SentinelSet> {
  const password = "redis-p@ss/word";
  const sentinelPassword = "sentinel-p@ss/word";
  const common = { program, ...(certificate && { certificate }) };
  const ports = [await findFreePort(), await findFreePort()] as const;
  const redisSettings = [
    "user ice-service on >ice-p@ss/word ~ice-service:* resetchannels -@all +eval +incr +pttl +pexpire",
    `masterauth ${password}`,
    "repl-diskless-sync-delay 0",
  ];
  const servers: RedisServer[] = [];
  const sentinels: RedisServer[] = [];

  const startServer = (port: number, masterPort?: number) =>
    startRedisServer({
      ...common,
      ...{ port, password },
      settings: [...redisSettings, ...(masterPort ? [`replicaof 127.0.0.1 ${masterPort}`] : [])],
    });
  const startSentinel = () =>
    startRedisServer({
      ...common,
      password: sentinelPassword,
      isSentinel: true,
      settings: [
        `user ice-service on >ice-${sentinelPassword} resetchannels -@all +sentinel|get-master-addr-by-name`,
        `sentinel monitor mymaster 127.0.0.1 ${ports[0]} 2`,
        `sentinel auth-pass mymaster ${password}`,
        `sentinel sentinel-pass ${sentinelPassword}`,
        "sentinel down-after-milliseconds mymaster 2000",
        "sentinel failover-timeout mymaster 10000",
      ],
    });

  async function stop(): Promise<void> {
    await Promise.all([...sentinels, ...servers].map((each) => each.stop()));
  }

  async function askSentinel(...command: readonly string[]): Promise<string[]> {
    const [first] = sentinels;
    return first === undefined ? [] : first.run("sentinel", ...command);
  }

  async function findMaster(): Promise<RedisServer> {
    const [, port] = await askSentinel("get-master-addr-by-name", "mymaster");
    const found = servers.find((server) => server.port === Number(port));
    if (found === undefined) {
      throw new Error(`no server has the master's port ${port}`);
    }
    return found;
  }

  const untilFollowed = (master: RedisServer) =>
    expect
      .poll(() => master.run("info", "replication"))
      .toContainEqual(expect.stringMatching(/^slave0:.*state=online/));

  try {
    const first = await startServer(ports[0]);
    servers.push(first, await startServer(ports[1], ports[0]));
    await untilFollowed(first);
    for (let count = 0; count < sentinelCount; count++) {
      sentinels.push(await startSentinel());
    }
    for (const sentinel of sentinels) {
      await expect
        .poll(() => sentinel.run("sentinel", "ckquorum", "mymaster"))
        .toEqual([expect.stringContaining(`OK ${sentinelCount} usable Sentinels`)]);
      await expect
        .poll(() => sentinel.run("sentinel", "replicas", "mymaster"))
        .toContain(String(ports[1]));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `${certificate === undefined ? "redis" : "rediss"}://ice-service:ice-p%40ss%2Fword@mymaster/0`,
    sentinel: {
      addresses: sentinels.map(({ port }) => `127.0.0.1:${port}`),
      username: "ice-service",
      password: `ice-${sentinelPassword}`,
    },
    findMaster,
    async swap() {
      await expect.poll(() => askSentinel("failover", "mymaster")).toEqual(["OK"]);
    },
    async untilReplaced(master) {
      await expect.poll(async () => (await findMaster()).port).not.toBe(master.port);
      return findMaster();
    },
    async restart(server) {
      await server.stop();
      const master = await findMaster();
      servers.splice(servers.indexOf(server), 1, await startServer(server.port, master.port));
      await untilFollowed(master);
    },
    stop,
  };
}
