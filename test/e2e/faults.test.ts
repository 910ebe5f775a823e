import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { createSigningKey, signToken } from "../authentication/signing-key.js";
import { runProgram } from "../parts/child-process.js";
import { startCoturn } from "../parts/coturn.js";
import { startIceService } from "../parts/ice-service.js";
import { dropConnection, hang, keys, startJwksServer } from "../parts/jwks-server.js";
import { startMixedTraffic } from "../parts/mixed-traffic.js";
import { secondsFromNow } from "../parts/real-time.js";
import { startRedisServer } from "../parts/redis-server.js";
import { createSqliteFile } from "../parts/sqlite-file.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";
import { allocateRelay } from "../parts/turn-allocation.js";

/** Some minutes tell more; the gate has less. */
const durationMs = Number(process.env["ICE_FAULT_SECONDS"] ?? "30") * 1000;
const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const realm = "turn.test";
const connectorToken = "faults-test-connector-token";
const firstSecret = "north-north-north-north";

describe("ice-service under faults", () => {
  it("answers as if nothing had happened", { timeout: durationMs + 90_000 }, async () => {
    const directory = await createTemporaryDirectory("faults");
    const key = createSigningKey("ES256");
    const jwks = await startJwksServer(keys(key.jwk));
    const database = await createSqliteFile("WAL");
    await database.run(`INSERT INTO turn_secret VALUES ('${realm}', '${firstSecret}')`);
    const coturn = await startCoturn({ secrets: [], realm, extra: [`userdb=${database.file}`] });
    let redis = await startRedisServer();
    const config = (changes: object = {}) =>
      stringify({
        auth: {
          jwt: [{ issuer: "https://issuer.test", audience: "ice-service", jwksUrl: jwks.url.href }],
          connectorTokensFile: "tokens.yaml",
        },
        ice: {
          stunUrls: [],
          turn: {
            urls: [`turn:127.0.0.1:${coturn.port}`],
            secretFiles: ["turn.secret"],
            ttl: "5s",
          },
        },
        limits: {
          caller: { requests: 1_000_000, window: "60s" },
          redis: { url: redis.url },
        },
        shutdown: { delay: "1s", timeout: "5s" },
        ...changes,
      });
    const replace = async (name: string, content: string) =>
      rename(await directory.write(`${name}.new`, content), join(directory.path, name));
    await directory.write("turn.secret", firstSecret);
    await directory.write("tokens.yaml", connectorTokens({ faults: connectorToken }));
    const configFile = await directory.write("ice.yaml", config());
    // The same, but never broken.
    const rotationConfigFile = await directory.write("rotation.yaml", config());
    const service = await startIceService({ env: { ICE_CONFIG: configFile } });
    const signJwt = (n: number) =>
      signToken(key, {
        claims: { exp: secondsFromNow(60), sub: `caller-${n % 50}`, jti: `${n}` },
      });
    let signed = 0;
    const traffic = startMixedTraffic({
      url: service.url,
      goodTokens: [async () => connectorToken, () => signJwt(signed++)],
      pauseMs: 10,
    });

    const counts = { rotations: 0, reloads: 0, broken: 0, redisStops: 0, jwksStops: 0, relays: 0 };
    const endMs = performance.now() + durationMs;
    const isOver = () => performance.now() > endMs;
    const repeat = async (action: () => Promise<void>) => {
      do {
        await action();
      } while (!isOver());
    };

    const changeConfig = () =>
      repeat(async () => {
        await replace("ice.yaml", config({ cors: { allowedOrigins: ["https://a.example"] } }));
        await sleep(1200);
        await replace("ice.yaml", "ice: { stunUrl: nonsense");
        await sleep(1200);
        await replace("tokens.yaml", "tokens: nonsense");
        service.signal("SIGHUP");
        await sleep(300);
        await replace("tokens.yaml", connectorTokens({ faults: connectorToken }));
        await replace("ice.yaml", config());
        service.signal("SIGHUP");
        await sleep(300);
        counts.reloads += 2;
        counts.broken += 2;
      });
    const stopRedis = () =>
      repeat(async () => {
        await sleep(2000);
        await redis.stop();
        await sleep(2000);
        redis = await startRedisServer({ port: redis.port });
        counts.redisStops += 1;
      });
    const stopJwks = () =>
      repeat(async () => {
        for (const answer of [dropConnection, hang, keys(key.jwk)]) {
          jwks.serve(answer);
          await sleep(1500);
        }
        counts.jwksStops += 2;
      });
    const rotateSecrets = () =>
      repeat(async () => {
        await runProgram(
          process.execPath,
          [
            ...[program, "secret", "rotate", "--config", rotationConfigFile, "--realm", realm],
            ...["--turn-db", `sqlite:${database.file}`, "--margin", "10s", "--wait", "--yes"],
          ],
          { env: { PATH: process.env["PATH"] } },
        );
        counts.rotations += 1;
      });
    const allocate = () =>
      repeat(async () => {
        const credential = traffic.latest();
        if (credential !== undefined) {
          const to = { port: coturn.port, transport: "udp", realm } as const;
          const outcome = await allocateRelay({ ...credential, ...to });
          // On a busy machine it may have expired by the time that coturn sees it.
          if (Number.parseInt(credential.username, 10) > secondsFromNow(0)) {
            expect(outcome).toMatchObject({ allocated: true });
            counts.relays += 1;
          }
        }
        await sleep(200);
      });

    await sleep(3000);
    const early = measure(service.pid);
    await Promise.all([changeConfig(), stopRedis(), stopJwks(), rotateSecrets(), allocate()]);
    const late = measure(service.pid);

    // A request whose body is still to come when the process is asked to stop.
    const inFlight = connect(service.port, "127.0.0.1");
    let answer = "";
    inFlight.on("data", (chunk) => {
      answer += chunk;
    });
    inFlight.write(
      `POST /ice.v1.IceService/GetIceServers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${connectorToken}\r\nContent-Length: 2\r\n\r\n`,
    );
    await traffic.stop();
    const exitCode = service.stop();
    await sleep(500);
    inFlight.write("{}");
    await once(inFlight, "close");
    expect(answer).toMatch(/^HTTP\/1\.1 200/);
    expect(await exitCode).toBe(0);

    const outcomes = traffic.outcomes();
    const failures = Object.fromEntries(
      Object.entries(outcomes).filter(
        ([name]) => !/^good .*: ok$|^bad .*: (Unauthenticated|status 401)$/.test(name),
      ),
    );
    expect(failures).toEqual({});
    expect(Object.keys(outcomes)).toHaveLength(14);
    for (const count of Object.values(counts)) {
      expect(count).toBeGreaterThan(0);
    }
    process.stderr.write(`${JSON.stringify({ counts, outcomes, early, late })}\n`);
    // Loose bounds: a leak of a descriptor or a kilobyte for each call would go far beyond them.
    expect(late.descriptors).toBeLessThan(early.descriptors + 20);
    expect(late.megabytes).toBeLessThan(early.megabytes + 80);

    await Promise.all([jwks.close(), coturn.stop(), redis.stop()]);
    await database.stop();
    await directory.remove();
  });
});

function measure(pid: number) {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return {
    megabytes: Math.round(Number(kilobytes) / 1024),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}
