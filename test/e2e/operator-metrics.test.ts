import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { runProgram } from "../parts/child-process.js";
import { runPromtool, type Scrape, scrape } from "../parts/metrics.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../parts/reconfigurable-service.js";
import { type RedisServer, startRedisServer } from "../parts/redis-server.js";

const certificateExpiry = "ice_certificate_expiry_timestamp_seconds";
const tokenExpiry = "ice_connector_token_expiry_timestamp_seconds";
const hash = (digit: string) => `sha256:${digit.repeat(64)}`;
const printTokens = (...expiries: readonly (string | undefined)[]) =>
  JSON.stringify({
    tokens: expiries.map((expires, index) => ({
      ...{ name: `token-${index}`, hash: hash(String(index)) },
      ...(expires !== undefined && { expires }),
    })),
  });
const seconds = (text: string) => Date.parse(text) / 1000;

let certificate: TestCertificate;
let redis: RedisServer;
let running: ReconfigurableService;
beforeAll(async () => {
  certificate = await createCertificate();
  redis = await startRedisServer();
  running = await startReconfigurableService(
    {
      admin: { port: 0 },
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
      listen: { port: 0, tls: { certFile: "cert.pem", keyFile: "key.pem" } },
      limits: { caller: { requests: 100, window: "1h" }, redis: { url: redis.url } },
    },
    {
      "tokens.yaml": printTokens("2020-01-01", "2199-01-01", "2099-06-01", undefined),
      "turn.secret": "north-north-north-north",
      "cert.pem": await readFile(certificate.certFile),
      "key.pem": await readFile(certificate.keyFile),
    },
    { args: ["--workers", "2"] },
  );
});
afterAll(async () => {
  await running.stop();
  await redis.stop();
  await certificate.stop();
});

const read = () => scrape(running.service);

/** When a certificate expires, as openssl sees it. */
async function readExpiry(file: string): Promise<number> {
  const { stdout } = await runProgram("openssl", ["x509", "-in", file, "-noout", "-enddate"]);
  return seconds(stdout.trim().replace("notAfter=", ""));
}

/** The lines of a metric that a scrape has brought. */
const linesOf = ({ text }: Scrape, name: string) =>
  text.split("\n").filter((line) => line.startsWith(`${name}{`));

describe("GET /metrics of serve --workers 2, for who is on call", () => {
  it("says when the certificate expires, also after it was replaced", async () => {
    expect((await read()).value(certificateExpiry)).toBe(await readExpiry(certificate.certFile));
    const renewed = await certificate.signAnother("DNS:localhost", 30);
    await running.replace("cert.pem", await readFile(renewed));
    const expiry = async () => (await read()).value(certificateExpiry);
    await expect.poll(expiry).toBe(await readExpiry(renewed));
  });

  it("says when the first certificate of a chain expires", async () => {
    const leaf = await certificate.signAnother("DNS:localhost", 30);
    const chain = [await readFile(leaf), await readFile(certificate.caFile)];
    await running.replace("cert.pem", Buffer.concat(chain));
    const expiry = async () => (await read()).value(certificateExpiry);
    await expect.poll(expiry).toBe(await readExpiry(certificate.caFile));
  });

  it("says when the next token expires, if any does", async () => {
    const expiry = async () => (await read()).value(tokenExpiry);
    expect(await expiry()).toBe(seconds("2099-06-01"));
    await running.replace("tokens.yaml", printTokens("2020-01-01", undefined));
    await expect.poll(expiry).toBeUndefined();
  });

  it("has one fingerprint of the configuration and one of the secret, which changes with it", async () => {
    const before = await read();
    expect(linesOf(before, "ice_config_info")).toHaveLength(1);
    expect(linesOf(before, "ice_turn_secret_info")).toEqual([
      expect.stringMatching(
        /^ice_turn_secret_info\{region="default",fingerprint="[0-9a-f]{8}"\} 1$/,
      ),
    ]);
    await running.replace("turn.secret", "south-south-south-south");
    const secrets = async () => linesOf(await read(), "ice_turn_secret_info");
    await expect
      .poll(secrets)
      .toEqual([expect.not.stringMatching(linesOf(before, "ice_turn_secret_info")[0] ?? "")]);
    expect(linesOf(await read(), "ice_config_info")).toEqual(linesOf(before, "ice_config_info"));
  });

  it("says whether Redis is used", async () => {
    const isUp = async () => (await read()).value("ice_redis_up");
    await expect.poll(isUp).toBe(1);
    await redis.stop();
    await expect.poll(isUp).toBe(0);
    redis = await startRedisServer({ port: redis.port });
    await expect.poll(isUp).toBe(1);
  });

  it("is as Prometheus wants metrics, by promtool", async () => {
    const { text } = await read();
    expect(await runPromtool(["check", "metrics"], text)).toEqual({ exitCode: 0, output: "" });
  });
});

describe("the log", () => {
  it("names service and version in each line, of every process, once", async () => {
    const lines = running.service.stderr().trim().split("\n");
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      expect(line.match(/"service":"ice-service","version":"\d+\.\d+\.\d+[^"]*"/g)).toHaveLength(1);
    }
  });
});
