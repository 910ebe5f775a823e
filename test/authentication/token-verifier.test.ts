import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompactSign, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { hashConnectorToken } from "../../src/authentication/connector/connector-token.js";
import {
  asymmetricAlgorithms,
  hmacAlgorithms,
} from "../../src/authentication/jwt/jwt-algorithms.js";
import type { JwtKeys } from "../../src/authentication/jwt/jwt-keys.js";
import { TokenRejectedError } from "../../src/authentication/token-rejected-error.js";
import { UnknownToken } from "../../src/authentication/token-verifier.js";
import { ConfigError } from "../../src/errors.js";
import { connectorCaller, jwtCaller } from "../parts/callers.js";
import {
  dropConnection,
  hang,
  huge,
  type JwksServer,
  redirectTo,
  keys as serve,
  startJwksServer,
  text,
} from "../parts/jwks-server.js";
import { openVerifier } from "./open-verifier.js";
import {
  createSigningKey,
  encode,
  goodClaims,
  issuer,
  startSeconds as nowSeconds,
  type SigningKey,
} from "./signing-key.js";
import { authWith, bareAuth, createMovableClock, fetchedFrom, reasonOf } from "./verifier-setup.js";

const log = { info: vi.fn(), warn: vi.fn() };
let movable: ReturnType<typeof createMovableClock>;
const clock = () => movable.clock();

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ice-auth-"));
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  movable = createMovableClock();
  vi.clearAllMocks();
});

function write(name: string, content: string): string {
  const file = join(directory, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

const ec = createSigningKey("ES256", "a");
const rsa = createSigningKey("RS256");

/** As many issuers publish a key: `alg` and `use` are optional (RFC 7517 sections 4.2 and 4.4). */
const bare = ({ jwk: { alg: _alg, use: _use, ...material } }: SigningKey) => material;

interface TokenOptions {
  readonly key?: KeyObject | Uint8Array;
  readonly header?: object;
  readonly claims?: object;
}
const sign = ({ key = ec.privateKey, header = {}, claims = {} }: TokenOptions = {}) =>
  new SignJWT({ ...goodClaims, ...claims })
    .setProtectedHeader({ alg: "ES256", ...header })
    .sign(key);

const verifierFor = (keys: JwtKeys) => openVerifier(authWith(keys), { clock, log });
const pemVerifier = () =>
  verifierFor({
    kind: "publicKeyFile",
    file: write("ec.pem", ec.pem),
    algorithms: ["ES256"],
  });

describe("createTokenVerifier with every algorithm", () => {
  it.each(asymmetricAlgorithms)("%s, from a PEM file and from a JWKS file", async (algorithm) => {
    const key = createSigningKey(algorithm);
    const token = await sign({ key: key.privateKey, header: { alg: algorithm } });
    const algorithms = [algorithm];
    const pemFile = write(`${algorithm}.pem`, key.pem);
    const jwksFile = write(`${algorithm}.json`, JSON.stringify({ keys: [bare(key)] }));
    for (const keys of [
      { kind: "publicKeyFile", file: pemFile, algorithms },
      { kind: "jwksFile", file: jwksFile, algorithms },
    ] as const) {
      expect(await verifierFor(keys).verify(token)).toEqual(
        jwtCaller(issuer, "alice", {
          expiresAtSeconds: nowSeconds + 600,
          endsAtSeconds: nowSeconds + 630,
        }),
      );
    }
  });

  it.each(hmacAlgorithms)("%s, from a secret", async (algorithm) => {
    const bytes = randomBytes(64);
    const keys = {
      kind: "secret",
      secret: createSecretKey(bytes),
      algorithms: [algorithm],
    } as const;
    const token = await sign({ key: bytes, header: { alg: algorithm } });
    expect(await verifierFor(keys).verify(token)).toMatchObject({ subject: "alice" });
  });
});

describe("a token that has to be refused", () => {
  const unsigned = (header: object, claims: object = goodClaims) =>
    `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}.`;
  const signText = (text: string) =>
    new CompactSign(Buffer.from(text)).setProtectedHeader({ alg: "ES256" }).sign(ec.privateKey);

  it.each<[name: string, token: () => string | Promise<string>, reason: string]>([
    ["alg none", () => unsigned({ alg: "none" }), "algorithm"],
    ["alg none in capitals", () => unsigned({ alg: "NONE" }), "algorithm"],
    ["no alg", () => unsigned({}), "malformed"],
    [
      "HS256 signed with the public key",
      () => sign({ key: Buffer.from(ec.pem), header: { alg: "HS256" } }),
      "algorithm",
    ],
    [
      "an algorithm that is not listed",
      () => sign({ key: rsa.privateKey, header: { alg: "RS256" } }),
      "algorithm",
    ],
    ["another key", () => sign({ key: createSigningKey("ES256").privateKey }), "signature"],
    ["an empty signature", async () => (await sign()).replace(/[^.]*$/, ""), "signature"],
    ["a changed claim", async () => swapClaims(await sign()), "signature"],
    ["another issuer", () => sign({ claims: { iss: "https://other.test" } }), "unknown_issuer"],
    ["no issuer", () => sign({ claims: { iss: undefined } }), "unknown_issuer"],
    ["another audience", () => sign({ claims: { aud: "other" } }), "audience"],
    ["no audience", () => sign({ claims: { aud: undefined } }), "audience"],
    ["an exp beyond the tolerance", () => sign({ claims: { exp: nowSeconds - 31 } }), "expired"],
    [
      "an nbf beyond the tolerance",
      () => sign({ claims: { nbf: nowSeconds + 31 } }),
      "not_yet_valid",
    ],
    ["no exp", () => sign({ claims: { exp: undefined } }), "claim"],
    [
      "an exp that is text",
      () => signText(JSON.stringify({ ...goodClaims, exp: "9999999999" })),
      "claim",
    ],
    [
      "an endless exp",
      () => signText(`{"iss":"${issuer}","aud":"${goodClaims.aud}","exp":1e999}`),
      "claim",
    ],
    [
      "a sub that is no text",
      () => signText(JSON.stringify({ ...goodClaims, sub: { a: 1 } })),
      "claim",
    ],
    ["an unknown crit", () => unsigned({ alg: "ES256", crit: ["x"], x: 1 }), "unsupported"],
    ["b64 false", () => unsigned({ alg: "ES256", crit: ["b64"], b64: false }), "signature"],
    [
      "its own key embedded",
      () => {
        const own = createSigningKey("ES256");
        return sign({
          key: own.privateKey,
          header: {
            jwk: own.jwk,
            jku: "https://evil.test",
            x5u: "https://evil.test",
          },
        });
      },
      "signature",
    ],
    ["12,289 bytes", () => "a".repeat(12_289), "too_large"],
    ["no shape at all", () => "garbage", "unknown_connector_token"],
    ["dots and nothing else", () => "..", "malformed"],
    ["five parts, as of an encrypted token", () => "a.b.c.d.e", "unknown_connector_token"],
    ["no JSON inside", () => `${encode("x")}.${encode("y")}.z`, "malformed"],
    ["nothing", () => "", "unknown_connector_token"],
    ["invalid UTF-8", () => "\ufffd\ufffd.\ufffd.\ufffd", "malformed"],
  ])("%s", async (_, token, reason) => {
    const presented = await token();
    expect(await reasonOf(() => pemVerifier().verify(presented))).toBe(reason);
  });

  it("tells the caller the same whatever the cause", () => {
    expect(new TokenRejectedError("expired").message).toBe(
      new TokenRejectedError("signature").message,
    );
  });

  it("is taken at the edge of the tolerance", async () => {
    const token = await sign({ claims: { exp: nowSeconds - 29, nbf: nowSeconds + 30 } });
    expect(await reasonOf(() => pemVerifier().verify(token))).toBe("accepted");
  });

  function swapClaims(token: string): string {
    const [header, , signature] = token.split(".");
    return [header, encode(JSON.stringify({ ...goodClaims, sub: "mallory" })), signature].join(".");
  }
});

describe("the memory of verified tokens", () => {
  it("answers at once for a token that was verified, until its exp", async () => {
    const verifier = pemVerifier();
    const token = await sign();
    expect(verifier.verify(token)).toBeInstanceOf(Promise);
    await verifier.verify(token);
    expect(verifier.verify(token)).toMatchObject({ subject: "alice" });
    movable.moveSeconds(600);
    expect(verifier.verify(token)).toBeInstanceOf(Promise); // within the tolerance, but checked again
    movable.moveSeconds(31);
    expect(await reasonOf(() => verifier.verify(token))).toBe("expired");
  });

  it("is what a token is recognized by, until its exp or a change of keys", async () => {
    const verifier = pemVerifier();
    const token = await sign();
    const forged = `${token.slice(0, -4)}AAAA`;
    expect(verifier.recognize(token)).toBeInstanceOf(UnknownToken);
    await verifier.verify(token);
    expect(verifier.recognize(token)).toMatchObject({ subject: "alice" });
    expect(verifier.recognize(forged)).toBeInstanceOf(UnknownToken);
    expect(verifier.recognize("x".repeat(100_000))).toBeInstanceOf(UnknownToken);
    verifier.forget();
    expect(verifier.recognize(token)).toBeInstanceOf(UnknownToken);
    await verifier.verify(token);
    movable.moveSeconds(600);
    expect(verifier.recognize(token)).toBeInstanceOf(UnknownToken);
  });
});

describe("connector tokens", () => {
  const connectorVerifier = (entry: object) =>
    openVerifier(
      {
        ...bareAuth,
        jwt: [],
        connectorTokensFile: write("tokens.yaml", JSON.stringify({ tokens: [entry] })),
      },
      { clock, log },
    );

  it("are known by their hash, at once", async () => {
    const verifier = connectorVerifier({ name: "gateway", hash: hashConnectorToken("a+b/c=") });
    expect(verifier.verify("a+b/c=")).toEqual(connectorCaller("gateway"));
    expect(await reasonOf(() => verifier.verify("a+b/c"))).toBe("unknown_connector_token");
    expect(verifier.recognize("a+b/c=")).toEqual(connectorCaller("gateway"));
    expect(verifier.recognize("a+b/c")).toBeInstanceOf(UnknownToken);
  });

  it("end when they expire", async () => {
    const expires = new Date((nowSeconds + 60) * 1000).toISOString();
    const verifier = connectorVerifier({ name: "gateway", hash: hashConnectorToken("t"), expires });
    expect(verifier.verify("t")).toMatchObject({ expiresAtSeconds: nowSeconds + 60 });
    movable.moveSeconds(60);
    expect(await reasonOf(() => verifier.verify("t"))).toBe("connector_token_expired");
    expect(verifier.recognize("t")).toBeInstanceOf(UnknownToken);
  });

  it.each<[string, unknown, RegExp]>([
    ["a token in place of its hash", [{ name: "a", hash: "ice_secret" }], /token hash/],
    ["a key misspelt", [{ nam: "a", hash: hashConnectorToken("t") }], /name/],
    [
      "a name twice",
      ["t", "u"].map((t) => ({ name: "a", hash: hashConnectorToken(t) })),
      /name of/,
    ],
    [
      "a hash twice",
      ["a", "b"].map((name) => ({ name, hash: hashConnectorToken("t") })),
      /hash of/,
    ],
    [
      "a date that is none",
      [{ name: "a", hash: hashConnectorToken("t"), expires: "soon" }],
      /expires/,
    ],
  ])("refuses a file with %s", (_, tokens, text) => {
    const connectorTokensFile = write("bad.yaml", JSON.stringify({ tokens }));
    const run = () => openVerifier({ ...bareAuth, jwt: [], connectorTokensFile }, { clock, log });
    expect(run).toThrow(ConfigError);
    expect(run).toThrow(text);
    expect(run).not.toThrow(/ice_secret/);
  });
});

describe("key files", () => {
  it.each<[string, () => JwtKeys, RegExp]>([
    [
      "a private key",
      () => ({
        kind: "publicKeyFile",
        file: write("p.pem", String(ec.privateKey.export({ format: "pem", type: "pkcs8" }))),
        algorithms: ["ES256"],
      }),
      /private/,
    ],
    [
      "a key that does not fit",
      () => ({
        kind: "publicKeyFile",
        file: write("r.pem", rsa.pem),
        algorithms: ["ES256"],
      }),
      /RS256/,
    ],
    [
      "no PEM",
      () => ({ kind: "publicKeyFile", file: write("n.pem", "x"), algorithms: ["ES256"] }),
      /publicKeyFile/,
    ],
    [
      "no JWKS",
      () => ({ kind: "jwksFile", file: write("n.json", "{}"), algorithms: ["ES256"] }),
      /jwksFile/,
    ],
    [
      "a missing file",
      () => ({ kind: "jwksFile", file: join(directory, "missing"), algorithms: ["ES256"] }),
      /jwksFile/,
    ],
  ])("refuses %s", (_, keys, text) => {
    expect(() => verifierFor(keys())).toThrow(ConfigError);
    expect(() => verifierFor(keys())).toThrow(text);
  });
});

describe("a JWKS URL", () => {
  let server: JwksServer;
  beforeEach(async () => {
    server = await startJwksServer(serve(bare(ec)));
  });
  afterEach(() => server.close());

  const open = async () => {
    const verifier = verifierFor({
      ...fetchedFrom(server.url),
      algorithms: ["ES256", "RS256"],
    });
    await verifier.load();
    return verifier;
  };
  const other = createSigningKey("ES256", "b");
  const tokenA = () => sign({ header: { kid: "a" } });
  const tokenB = () => sign({ key: other.privateKey, header: { kid: "b" } });

  it("follows a rotation at once, and forgets what the old key verified", async () => {
    server.serve(serve(bare(ec)));
    const verifier = await open();
    const old = await tokenA();
    expect(await reasonOf(() => verifier.verify(old))).toBe("accepted");
    server.serve(serve(bare(other)));
    const fresh = await tokenB();
    expect(await reasonOf(() => verifier.verify(fresh))).toBe("accepted");
    expect(await reasonOf(() => verifier.verify(old))).toBe("unknown_key");
  });

  it("is asked for all unknown keys that come within a second together", async () => {
    server.serve(serve(bare(ec)));
    const verifier = await open();
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, index) => sign({ header: { kid: `x${index}` } })),
    );
    const reasons = await Promise.all(
      tokens.map((token) => reasonOf(() => verifier.verify(token))),
    );
    expect(reasons).toEqual(tokens.map(() => "unknown_key"));
    expect(server.requestCount).toBe(2);
  });

  it.each<[string, RequestListener]>([
    ["an error", text("", 500)],
    ["garbage", text("<html>")],
    ["no keys", text("{}")],
    ["10 MB", huge],
    ["a redirect", redirectTo("/elsewhere")],
    ["a cut connection", dropConnection],
  ])("that serves %s later leaves the last good keys in use", async (_, failure) => {
    server.serve(serve(bare(ec)));
    const verifier = await open();
    server.serve(failure);
    const unknown = await tokenB();
    expect(await reasonOf(() => verifier.verify(unknown))).toBe("unknown_key");
    const token = await tokenA();
    expect(await reasonOf(() => verifier.verify(token))).toBe("accepted");
    expect(log.warn).toHaveBeenCalled();
    expect(JSON.stringify(log.warn.mock.calls)).not.toContain("hidden");
  });

  it("that fails at the start refuses its tokens until it is back", async () => {
    server.serve(text("", 503));
    const verifier = await open();
    const token = await tokenA();
    expect(await reasonOf(() => verifier.verify(token))).toBe("keys_unavailable");
    server.serve(serve(bare(ec)));
    movable.moveSeconds(10);
    expect(await reasonOf(() => verifier.verify(token))).toBe("accepted");
    expect(log.info).toHaveBeenCalled();
  });

  it("that hangs does not outlast the caller's signal", async () => {
    server.serve(serve(bare(ec)));
    const verifier = await open();
    server.serve(hang);
    const controller = new AbortController();
    const token = await tokenB();
    const outcome = reasonOf(() => verifier.verify(token, controller));
    controller.abort();
    expect(await outcome).toBe("cancelled");
    verifier.close();
  });

  it("is asked again in the background when its keys are ten minutes old", async () => {
    server.serve(serve(bare(ec)));
    const verifier = await open();
    const token = await sign({ header: { kid: "a" }, claims: { exp: nowSeconds + 9999 } });
    await verifier.verify(token);
    expect(server.requestCount).toBe(1);
    movable.moveSeconds(600);
    expect(verifier.verify(token)).toMatchObject({ subject: "alice" });
    await expect.poll(() => server.requestCount).toBe(2);
  });

  it("with several keys and a token without kid: each that fits is tried", async () => {
    server.serve(serve(bare(other), bare(ec)));
    const verifier = await open();
    const token = await sign();
    expect(await reasonOf(() => verifier.verify(token))).toBe("accepted");
  });

  it("never makes a symmetric key that it serves a way to sign", async () => {
    const secret = randomBytes(32);
    server.serve(serve({ kty: "oct", k: secret.toString("base64url"), kid: "s" }, bare(ec)));
    const verifier = await open();
    const token = await sign({ key: secret, header: { alg: "HS256", kid: "s" } });
    expect(await reasonOf(() => verifier.verify(token))).toBe("algorithm");
  });
});
