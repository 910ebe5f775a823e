import { execFile } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { startPostgresServer } from "../parts/postgres-server.js";
import { startRedisServer } from "../parts/redis-server.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const program = new URL("../../dist/main.js", import.meta.url).pathname;
let certificate: TestCertificate;
let directory: TemporaryDirectory;
beforeAll(async () => {
  certificate = await createCertificate();
  directory = await createTemporaryDirectory("tls");
  await directory.write("turn.secret", "south-south-south-south");
  await directory.write("tokens.yaml", "tokens: []");
  await directory.write(
    "ice.yaml",
    'auth: { connectorTokensFile: tokens.yaml }\nice: { turn: { urls: ["turn:a.example"], secretFiles: [turn.secret] } }\n',
  );
});
afterAll(async () => {
  await certificate.stop();
  await directory.remove();
});

/** Runs `secret add` and returns what it prints. */
function add(url: string, env: Readonly<Record<string, string>>): Promise<string> {
  const args = ["secret", "add", "--config", "ice.yaml", "--realm", "turn.test", "--turn-db", url];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { cwd: directory.path, env: { PATH: process.env["PATH"], ...env }, timeout: 60_000 },
      (_, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

describe("the database's TLS certificate", () => {
  it("of Redis is checked, and the password taken from REDISCLI_AUTH", async () => {
    const password = "redis-p%40ss";
    const redis = await startRedisServer({ certificate, password });
    const url = `rediss://127.0.0.1:${redis.port}`;
    const env = { REDISCLI_AUTH: password };
    expect(await add(url, env)).toMatch(/cannot connect to Redis \(.*(CERT|SIGNATURE)/);
    const trusting = { ...env, NODE_EXTRA_CA_CERTS: certificate.caFile };
    expect(await add(url, trusting)).toContain("has the secret that signs");
    await redis.stop();
  });

  it("of PostgreSQL is checked, and the password taken from PGPASSWORD", async () => {
    const { port, user, password, database, stop } = await startPostgresServer(certificate);
    const url = `postgres://${user}@127.0.0.1:${port}/${database}?sslmode=verify-full`;
    const env = { PGPASSWORD: password };
    expect(await add(url, env)).toMatch(/cannot connect to PostgreSQL \(.*(CERT|SIGNATURE)/);
    const trusting = { ...env, NODE_EXTRA_CA_CERTS: certificate.caFile };
    expect(await add(url, trusting)).toContain("has the secret that signs");
    await stop();
  });
});
