import { createSecretKey } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { z } from "zod";
import type { ProbeCause } from "../../src/probe/probe-failure.js";
import { createCredentialIssuer } from "../../src/turn/providers/shared-secret/turn-credential.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { startProcess } from "../parts/child-process.js";
import { type Coturn, type CoturnOptions, startCoturn } from "../parts/coturn.js";
import { findFreePort } from "../parts/free-port.js";
import { type HeldRelay, holdRelay } from "../parts/held-relay.js";
import { secondsFromNow } from "../parts/real-time.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const filteredCoturn = fileURLToPath(new URL("../parts/filtered-coturn.sh", import.meta.url));
const secret = "north-north-north-north";
const realm = "turn.test";
/** Of the credentials, whoever issues them: a coturn counts relays by it. */
const name = "caller";
const hour = 3600;

const reportSchema = z.object({
  ok: z.boolean(),
  results: z.array(
    z.looseObject({
      url: z.string(),
      ok: z.boolean(),
      cause: z.string().optional(),
      detail: z.string().optional(),
      fix: z.string().optional(),
    }),
  ),
});

let directory: TemporaryDirectory;
let certificate: TestCertificate;
let stranger: TestCertificate;
const coturns: Coturn[] = [];
const held: HeldRelay[] = [];

beforeAll(async () => {
  directory = await createTemporaryDirectory("check-causes");
  await directory.write("turn.secret", secret);
  await directory.write("tokens.yaml", "tokens: []");
  certificate = await createCertificate();
  stranger = await createCertificate();
});
afterAll(async () => {
  for (const relay of held) {
    relay.close();
  }
  await Promise.all(coturns.map((coturn) => coturn.stop()));
  await certificate.stop();
  await stranger.stop();
  await directory.remove();
});

async function start(options: Partial<CoturnOptions> = {}): Promise<Coturn> {
  const coturn = await startCoturn({ secrets: [secret], realm, ...options });
  coturns.push(coturn);
  return coturn;
}

/** Takes a relay as another client of the same name. */
async function occupy({ port }: Coturn): Promise<void> {
  const key = createSecretKey(secret, "utf8");
  held.push(await holdRelay(port, createCredentialIssuer(key)(name, secondsFromNow(hour))));
}

const withKey = (certFile: string) => ({ certFile, keyFile: certificate.keyFile });

async function writeConfig(urls: readonly string[]): Promise<string> {
  return directory.write(
    "ice.yaml",
    stringify({
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { stunUrls: [], turn: { urls, secretFiles: ["turn.secret"], name } },
    }),
  );
}

/** Runs `ice-service check`, or what runs it. */
async function check(command: string, args: readonly string[]) {
  const child = startProcess({ name: "check", command, args, cwd: directory.path });
  const status = await child.stop("SIGCONT");
  const report = reportSchema.safeParse(JSON.parse(child.stdout() || "null"));
  if (!report.success) {
    throw new Error(`check said:\n${child.stdout()}${child.stderr()}`);
  }
  return { status, ...report.data, stderr: child.stderr() };
}

it("check names the cause of every way to break a coturn, and leaves those that work alone", async () => {
  const expiredTls = withKey(await certificate.signAnother("DNS:localhost,IP:127.0.0.1", -1));
  const wrongNameTls = withKey(await certificate.signAnother("DNS:turn.example.com", 1));
  const works = await start({ tls: certificate });
  const [otherSecret, otherRealm, open, ahead, behind] = await Promise.all([
    start({ secrets: ["east-east-east-east"] }),
    start({ realm: "other.test" }),
    start({ authentication: "none" }),
    start({ clockAheadSeconds: 2 * hour }),
    start({ clockAheadSeconds: -2 * hour }),
  ]);
  const [noTls, expired, wrongName, untrusted] = await Promise.all([
    start(),
    start({ tls: expiredTls }),
    start({ tls: wrongNameTls }),
    start({ tls: stranger }),
  ]);
  const [userQuota, totalQuota, bandwidth] = await Promise.all([
    start({ extra: ["user-quota=1"] }),
    start({ extra: ["total-quota=1"] }),
    start({ extra: ["max-bps=1000", "bps-capacity=1000"] }),
  ]);
  const [portless, noUdp, ipv6Only, noSecret] = await Promise.all([
    start({ relayPortCount: 1 }),
    start({ extra: ["no-udp-relay"] }),
    start({ relayIps: ["::1"] }),
    start({ authentication: "user" }),
  ]);
  for (const full of [userQuota, totalQuota, bandwidth, portless]) {
    await occupy(full);
  }
  const closedPort = await findFreePort();
  const expected: [url: string, cause: ProbeCause | undefined, detail?: RegExp][] = [
    [`turn:127.0.0.1:${works.port}`, undefined],
    [`turn:127.0.0.1:${works.port}?transport=tcp`, undefined],
    [`turns:localhost:${works.tlsPort}?transport=tcp`, undefined],
    [`turn:127.0.0.1:${otherSecret.port}`, "wrong-secret"],
    [`turn:127.0.0.1:${otherSecret.port}?transport=tcp`, "wrong-secret"],
    [`turn:127.0.0.1:${otherRealm.port}`, "wrong-realm", /"other\.test"/],
    [`turns:127.0.0.1:${expired.tlsPort}?transport=tcp`, "tls-expired"],
    [`turns:127.0.0.1:${wrongName.tlsPort}?transport=tcp`, "tls-wrong-name"],
    [`turns:127.0.0.1:${untrusted.tlsPort}?transport=tcp`, "tls-untrusted"],
    [`turns:127.0.0.1:${noTls.port}?transport=tcp`, "not-tls"],
    [`turn:127.0.0.1:${closedPort}`, "refused"],
    [`turn:127.0.0.1:${closedPort}?transport=tcp`, "refused"],
    ["turn:turn.invalid", "name-not-found"],
    [`turn:127.0.0.1:${noSecret.port}`, "wrong-secret"],
    [`turn:127.0.0.1:${userQuota.port}`, "full", /name of all callers/],
    [`turn:127.0.0.1:${totalQuota.port}`, "full"],
    [`turn:127.0.0.1:${bandwidth.port}`, "full"],
    [`turn:127.0.0.1:${portless.port}`, "no-capacity"],
    [`turn:127.0.0.1:${noUdp.port}`, "unsupported-transport"],
    [`turn:127.0.0.1:${ipv6Only.port}`, "address-family"],
    [`turn:127.0.0.1:${ahead.port}`, "clock-skew", /ahead of ours/],
    [`turn:127.0.0.1:${behind.port}`, "clock-skew", /behind ours/],
    [`turn:127.0.0.1:${open.port}`, "no-authentication"],
  ];
  const config = await writeConfig(expected.map(([url]) => url));
  const options = ["--config", config, "--ca", certificate.caFile, "--realm", realm, "--json"];
  const { status, ok, results } = await check(process.execPath, [program, "check", ...options]);

  expect({ status, ok }).toEqual({ status: 1, ok: false });
  // `localhost` may have two addresses, of which the coturn listens on one.
  const found = results.filter(({ address }) => !String(address).startsWith("[::1]"));
  expect(found.map(({ url, cause }) => [url, cause])).toEqual(
    expected.map(([url, cause]) => [url, cause]),
  );
  expect(found.find(({ url }) => url === `turn:127.0.0.1:${noSecret.port}`)?.fix).toMatch(
    /use-auth-secret/,
  );
  for (const [url, cause, detail = /./] of expected) {
    const result = found.find((each) => each.url === url);
    expect(result).toMatchObject(
      cause === undefined
        ? { ok: true }
        : { ok: false, detail: expect.stringMatching(detail), fix: expect.stringMatching(/\w \w/) },
    );
  }
});

it("check tells a filter that swallows UDP from a server that is down, as TCP gets through", async () => {
  const url = "turn:127.0.0.1:3478";
  const config = await writeConfig([url, `${url}?transport=tcp`]);
  const coturn = [
    ...["--use-auth-secret", `--static-auth-secret=${secret}`, `--realm=${realm}`],
    ...[
      "--relay-ip=127.0.0.1",
      "--allow-loopback-peers",
      "--no-tls",
      "--no-dtls",
      "--no-cli",
      "--log-file=stdout",
    ],
    ...[`--pidfile=${directory.path}/pid`, `--userdb=${directory.path}/turndb`],
  ];
  const options = ["--config", config, "--timeout", "2s", "--json"];
  // Whoever is not root is root in there.
  const asRoot = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  const { status, results, stderr } = await check("unshare", [
    ...[...asRoot, "--net", "bash", filteredCoturn, ...coturn],
    ...["--", process.execPath, program, "check", ...options],
  ]);
  expect(results).toMatchObject([
    { transport: "udp", ok: false, cause: "time-out", fix: expect.stringMatching(/UDP/) },
    { transport: "tcp", ok: true },
  ]);
  expect(status).toBe(1);
  // RFC 8489 section 6.2.1: it was not asked just once.
  expect(Number(/udp dport 3478 counter packets (\d+)/.exec(stderr)?.[1])).toBeGreaterThan(1);
}, 30_000);
