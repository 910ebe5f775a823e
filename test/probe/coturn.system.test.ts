import { createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { type Diagnosis, diagnose, type Signer } from "../../src/probe/diagnosis.js";
import { findServers, type ProbeOptions, probe } from "../../src/probe/probe.js";
import { createCredentialIssuer } from "../../src/turn/providers/shared-secret/turn-credential.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { runProgram } from "../parts/child-process.js";
import { type Coturn, type CoturnOptions, startCoturn } from "../parts/coturn.js";
import { findFreePort } from "../parts/free-port.js";
import { findServer, holdRelay } from "../parts/held-relay.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { startTlsFront } from "../parts/tls-front.js";
import { allocateRelay } from "../parts/turn-allocation.js";

const secret = "north-north-north-north";
const timeoutMs = 5_000;
const hour = 3600;
let certificate: TestCertificate;
let coturn: Coturn;
let extraCa: string;

beforeAll(async () => {
  certificate = await createCertificate();
  extraCa = readFileSync(certificate.caFile, "latin1");
  coturn = await startCoturn({
    secrets: [secret],
    tls: certificate,
    ipv6: true,
    extra: ["verbose"],
  });
});
afterAll(async () => {
  await coturn.stop();
  await certificate.stop();
});

const signerFor = (signingSecret: string, name = "probe") => ({
  // coturn judges an expiry by the real time.
  clock: systemClock,
  ttlSeconds: 24 * hour,
  canChooseExpiry: true,
  issue: (expiresAtSeconds: number) =>
    createCredentialIssuer(createSecretKey(signingSecret, "utf8"))(name, expiresAtSeconds),
});
const issueFresh = () => signerFor(secret).issue(Math.floor(systemClock() / 1000) + hour);

/** The diagnosis of the first address of a URL. */
async function diagnoseUrl(
  text: string,
  { signer = signerFor(secret), ...options }: Partial<ProbeOptions> & { signer?: Signer } = {},
): Promise<Diagnosis> {
  return diagnose(await findServer(text), signer, { timeoutMs, extraCa, ...options });
}

/** Diagnoses a coturn of its own. */
async function withCoturn<T>(
  options: Partial<CoturnOptions>,
  work: (broken: Coturn) => Promise<T>,
): Promise<T> {
  const broken = await startCoturn({ secrets: [secret], ...options });
  try {
    return await work(broken);
  } finally {
    await broken.stop();
  }
}

describe("a coturn that works", () => {
  it("gives a relay over UDP, TCP and TLS, to us as to aioice", async () => {
    for (const [text, transport, port] of [
      [`turn:127.0.0.1:${coturn.port}`, "udp", coturn.port],
      [`turn:127.0.0.1:${coturn.port}?transport=tcp`, "tcp", coturn.port],
      [`turns:127.0.0.1:${coturn.tlsPort}`, "tls", coturn.tlsPort],
      [`turns:localhost:${coturn.tlsPort}?transport=tcp`, "tls", coturn.tlsPort],
    ] as const) {
      const result = await diagnoseUrl(text, { realm: coturn.realm });
      expect(result).toMatchObject({
        server: { transport, address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) },
        realm: "turn.test",
        relayedTransportAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        roundTripMs: expect.any(Number),
      });
      expect(result.failure).toBeUndefined();
      const caFile = certificate.caFile;
      expect(await allocateRelay({ port, transport, caFile, ...issueFresh() })).toMatchObject({
        allocated: true,
      });
    }
  });

  it("gives a relay over IPv6", async () => {
    for (const query of ["", "?transport=tcp"]) {
      const result = await diagnoseUrl(`turn:[::1]:${coturn.port}${query}`);
      expect(result.failure).toBeUndefined();
      expect(result).toMatchObject({ server: { family: "ipv6" } });
    }
    expect((await diagnoseUrl(`turns:[::1]:${coturn.tlsPort}`)).failure).toBeUndefined();
  });

  it("answers a Binding over UDP and over TLS", async () => {
    for (const text of [`stun:127.0.0.1:${coturn.port}`, `stuns:127.0.0.1:${coturn.tlsPort}`]) {
      const [result] = await probe(parseIceUrl(text), undefined, { timeoutMs, extraCa });
      expect(result?.failure).toBeUndefined();
      expect(result?.mappedAddress).toMatch(/^127\.0\.0\.1:\d+$/);
    }
  });

  it("is asked at each address of its name", async () => {
    const url = parseIceUrl(`turn:localhost:${coturn.port}`);
    const results = await probe(url, issueFresh(), { timeoutMs });
    const servers = await findServers(url, { timeoutMs });
    expect(results.map(({ server }) => server)).toEqual(servers);
    expect(results.map(({ failure }) => failure)).toEqual(results.map(() => undefined));
  });

  it("is reached through what takes nothing but TLS", async () => {
    const front = await startTlsFront({ certificate, upstreamPort: coturn.port });
    try {
      const result = await diagnoseUrl(`turns:127.0.0.1:${front.port}`);
      expect(result.failure).toBeUndefined();
      const inTheClear = await diagnoseUrl(`turn:127.0.0.1:${front.port}?transport=tcp`, {
        timeoutMs: 800,
      });
      expect(inTheClear.failure).toEqual({
        cause: "time-out",
        detail: "the server accepted the connection, but did not answer in time",
      });
    } finally {
      await front.stop();
    }
  });

  it("has its relays back after the probes", async () => {
    const output = coturn.output();
    const count = (pattern: RegExp) => output.match(pattern)?.length ?? 0;
    expect(count(/ALLOCATE processed, success/g)).toBeGreaterThan(5);
    await expect
      .poll(() => coturn.output().match(/lifetime=0/g)?.length)
      .toBe(coturn.output().match(/ALLOCATE processed, success/g)?.length);
  });
});

describe("a coturn that is broken", () => {
  it.each(["", "?transport=tcp"])("has another secret (%s)", async (query) => {
    const signer = signerFor("east-east-east-east");
    const result = await diagnoseUrl(`turn:127.0.0.1:${coturn.port}${query}`, { signer });
    expect(result.failure).toMatchObject({ cause: "wrong-secret", errorCode: 401 });
    expect(result.realm).toBe("turn.test");
  });

  it("has another realm", async () => {
    const result = await diagnoseUrl(`turn:127.0.0.1:${coturn.port}`, { realm: "other.test" });
    expect(result.failure).toEqual({
      cause: "wrong-realm",
      detail: 'the server names the realm "turn.test"',
    });
  });

  it("keeps the secret for another realm", async () => {
    const directory = await createTemporaryDirectory("realms");
    try {
      const database = `${directory.path}/secrets`;
      const addSecret = (realm: string) =>
        runProgram("turnadmin", ["-s", secret, "-r", realm, "-b", database], {
          cwd: directory.path,
        });
      await addSecret("other.test");
      await withCoturn({ secrets: [], extra: [`userdb=${database}`] }, async ({ port }) => {
        const { failure } = await diagnoseUrl(`turn:127.0.0.1:${port}`);
        expect(failure).toMatchObject({
          cause: "wrong-secret",
          detail: expect.stringContaining('in the realm "turn.test"'),
        });
        await addSecret("turn.test");
        expect((await diagnoseUrl(`turn:127.0.0.1:${port}`)).failure).toBeUndefined();
      });
    } finally {
      await directory.remove();
    }
  });

  it("has an address that no route leads to", async () => {
    for (const query of ["", "?transport=tcp"]) {
      const result = await diagnoseUrl(`turn:255.255.255.255${query}`);
      expect(result.failure?.cause).toBe("no-route");
    }
  });

  it("is not there", async () => {
    const port = await findFreePort();
    for (const text of [
      `turn:127.0.0.1:${port}`,
      `turn:127.0.0.1:${port}?transport=tcp`,
      `turns:127.0.0.1:${port}`,
    ]) {
      expect((await diagnoseUrl(text)).failure?.cause).toBe("refused");
    }
  });

  it("has a name that is not in DNS", async () => {
    const url = parseIceUrl("turn:turn.invalid");
    const [result] = await probe(url, issueFresh(), { timeoutMs });
    expect(result?.failure?.cause).toBe("name-not-found");
  });

  it.each([
    ["expired", "DNS:localhost,IP:127.0.0.1", -1, "tls-expired"],
    ["for another name", "DNS:turn.example.com", 1, "tls-wrong-name"],
  ])("has a certificate that is %s", async (_, subjectAltName, days, cause) => {
    const certFile = await certificate.signAnother(subjectAltName, days);
    const tls = { certFile, keyFile: certificate.keyFile };
    await withCoturn({ tls }, async ({ tlsPort }) => {
      for (const host of ["127.0.0.1", "localhost"]) {
        const { failure } = await diagnoseUrl(`turns:${host}:${tlsPort}`);
        expect([host, failure?.cause]).toEqual([host, cause]);
      }
    });
  });

  it("has a certificate of an authority that nobody knows", async () => {
    const result = await diagnoseUrl(`turns:127.0.0.1:${coturn.tlsPort}`, { extraCa: undefined });
    expect(result.failure?.cause).toBe("tls-untrusted");
  });

  it("speaks no TLS on the port of turns", async () => {
    await withCoturn({}, async ({ port }) => {
      const result = await diagnoseUrl(`turns:127.0.0.1:${port}`, { timeoutMs: 2_000 });
      expect(result.failure?.cause).toBe("not-tls");
    });
  });

  it.each<[string, string[], shared: "full", ownNames: "quota" | "full"]>([
    ["for the name", ["user-quota=1"], "full", "quota"],
    ["for anybody", ["total-quota=1"], "full", "full"],
    ["of its bandwidth", ["max-bps=1000", "bps-capacity=1000"], "full", "full"],
  ])("has no quota left %s", async (_, extra, shared, ownNames) => {
    await withCoturn({ extra }, async ({ port }) => {
      const held = await holdRelay(port, issueFresh());
      const own = { ...signerFor(secret), issueFresh: signerFor(secret, "another").issue };
      try {
        const ofAll = await diagnoseUrl(`turn:127.0.0.1:${port}`);
        expect(ofAll.failure).toMatchObject({ cause: shared, errorCode: 486 });
        const ofOne = await diagnoseUrl(`turn:127.0.0.1:${port}`, { signer: own });
        expect(ofOne.failure).toMatchObject({ cause: ownNames, errorCode: 486 });
      } finally {
        held.close();
      }
    });
  });

  it("has no port left for a relay", async () => {
    await withCoturn({ relayPortCount: 1 }, async ({ port }) => {
      const held = await holdRelay(port, issueFresh());
      try {
        const result = await diagnoseUrl(`turn:127.0.0.1:${port}`);
        expect(result.failure).toMatchObject({ cause: "no-capacity", errorCode: 508 });
      } finally {
        held.close();
      }
    });
  });

  it.each([
    ["ahead by 2 hours", 2 * hour],
    ["ahead by 3 days, more than credentials live", 72 * hour],
    ["behind by 2 hours", -2 * hour],
    ["behind by 30 days", -30 * 24 * hour],
  ])("has a clock that is %s", async (_, clockAheadSeconds) => {
    await withCoturn({ clockAheadSeconds }, async ({ port }) => {
      const { failure, clockSkew } = await diagnoseUrl(`turn:127.0.0.1:${port}`);
      expect(failure?.cause).toBe("clock-skew");
      expect(failure?.detail).toMatch(clockAheadSeconds > 0 ? /ahead of ours/ : /behind ours/);
      const tolerance = Math.max(60, Math.abs(clockAheadSeconds) / 40);
      expect(clockSkew?.maxSeconds).toBeGreaterThan(clockAheadSeconds - 2);
      expect(clockSkew?.maxSeconds).toBeLessThan(clockAheadSeconds + tolerance + 2);
      expect(clockSkew?.minSeconds).toBeLessThan(clockAheadSeconds + 2);
    });
  });

  it("relays over IPv6 only", async () => {
    await withCoturn({ relayIps: ["::1"] }, async ({ port }) => {
      const result = await diagnoseUrl(`turn:127.0.0.1:${port}`);
      expect(result.failure).toMatchObject({ cause: "address-family", errorCode: 440 });
      expect(result.relayedTransportAddress).toMatch(/^\[::1\]:/);
    });
  });

  it("asks nobody for a credential", async () => {
    await withCoturn({ authentication: "none" }, async ({ port }) => {
      const result = await diagnoseUrl(`turn:127.0.0.1:${port}`);
      expect(result.failure?.cause).toBe("no-authentication");
    });
  });

  it("is a STUN server only", async () => {
    await withCoturn({ extra: ["stun-only"] }, async ({ port }) => {
      const result = await diagnoseUrl(`turn:127.0.0.1:${port}`, { timeoutMs: 1_500 });
      expect(result.failure?.cause).toMatch(/^(server-error|time-out)$/);
    });
  });
});
