import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompactSign, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { hashConnectorToken } from "../../src/authentication/connector-token.js";
import {
  createTokenVerifier,
  TokenRejectedError,
} from "../../src/authentication/token-verifier.js";
import {
  type AsymmetricAlgorithm,
  type AuthConfig,
  asymmetricAlgorithms,
  hmacAlgorithms,
  type JwtKeys,
} from "../../src/config/config.js";
import { ConfigError } from "../../src/errors.js";

const issuer = "https://issuer.test";
const audience = "ice";
const startMs = Date.UTC(2026, 0, 1);
const nowSeconds = startMs / 1000;
const log = { info: vi.fn(), warn: vi.fn() };
let nowMs = startMs;
const clock = () => nowMs;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ice-auth-"));
});
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  nowMs = startMs;
  vi.clearAllMocks();
});

function write(name: string, content: string): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  chmodSync(file, 0o600);
  return file;
}

function generate(algorithm: AsymmetricAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  const curves = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };
  switch (algorithm) {
    case "ES256":
    case "ES384":
    case "ES512":
      return generateKeyPairSync("ec", { namedCurve: curves[algorithm] });
    case "EdDSA":
      return generateKeyPairSync("ed25519");
    default:
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
  }
}

const ec = generate("ES256");
const rsa = generate("RS256");
const pem = (key: KeyObject) => String(key.export({ format: "pem", type: "spki" }));
const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: "jwk" }), kid });

interface TokenOptions {
  readonly key?: KeyObject | Uint8Array;
  readonly header?: object;
  readonly claims?: object;
}
const goodClaims = { iss: issuer, aud: audience, sub: "alice", exp: nowSeconds + 600 };
const sign = ({ key = ec.privateKey, header = {}, claims = {} }: TokenOptions = {}) =>
  new SignJWT({ ...goodClaims, ...claims })
    .setProtectedHeader({ alg: "ES256", ...header })
    .sign(key);

const verifierFor = (keys: JwtKeys, auth: Partial<AuthConfig> = {}) =>
  createTokenVerifier(
    {
      queryToken: true,
      jwt: [{ issuer, audience: [audience], clockToleranceSeconds: 30, keys }],
      ...auth,
    },
    { clock, log },
  );
const pemVerifier = () =>
  verifierFor({
    kind: "publicKeyFile",
    file: write("ec.pem", pem(ec.publicKey)),
    algorithms: ["ES256"],
  });

/** The reason of a refusal, or `verified`. */
async function outcomeOf(run: () => unknown): Promise<string> {
  try {
    await run();
    return "verified";
  } catch (error) {
    expect(error).toBeInstanceOf(TokenRejectedError);
    return error instanceof TokenRejectedError ? error.reason : "no refusal";
  }
}

describe("createTokenVerifier with every algorithm", () => {
  it.each(asymmetricAlgorithms)("%s, from a PEM file and from a JWKS file", async (algorithm) => {
    const { privateKey, publicKey } = generate(algorithm);
    const token = await sign({ key: privateKey, header: { alg: algorithm } });
    const algorithms = [algorithm];
    const pemFile = write(`${algorithm}.pem`, pem(publicKey));
    const jwksFile = write(`${algorithm}.json`, JSON.stringify({ keys: [jwk(publicKey, "a")] }));
    for (const keys of [
      { kind: "publicKeyFile", file: pemFile, algorithms },
      { kind: "jwksFile", file: jwksFile, algorithms },
    ] as const) {
      expect(await verifierFor(keys).verify(token)).toEqual({
        kind: "jwt",
        issuer,
        subject: "alice",
        expiresAtSeconds: nowSeconds + 600,
      });
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
  const encode = (value: object | string) =>
    Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
  const unsigned = (header: object, claims: object | string = goodClaims) =>
    `${encode(header)}.${encode(claims)}.`;
  const signText = (text: string) =>
    new CompactSign(Buffer.from(text)).setProtectedHeader({ alg: "ES256" }).sign(ec.privateKey);

  it.each<[name: string, token: () => string | Promise<string>, reason: string]>([
    ["alg none", () => unsigned({ alg: "none" }), "algorithm"],
    ["alg none in capitals", () => unsigned({ alg: "NONE" }), "algorithm"],
    ["no alg", () => unsigned({}), "malformed"],
    [
      "HS256 signed with the public key",
      () => sign({ key: Buffer.from(pem(ec.publicKey)), header: { alg: "HS256" } }),
      "algorithm",
    ],
    [
      "an algorithm that is not listed",
      () => sign({ key: rsa.privateKey, header: { alg: "RS256" } }),
      "algorithm",
    ],
    ["another key", () => sign({ key: generate("ES256").privateKey }), "signature"],
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
      () => signText(`{"iss":"${issuer}","aud":"${audience}","exp":1e999}`),
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
        const own = generate("ES256");
        return sign({
          key: own.privateKey,
          header: {
            jwk: own.publicKey.export({ format: "jwk" }),
            jku: "https://evil.test",
            x5u: "https://evil.test",
          },
        });
      },
      "signature",
    ],
    ["8193 bytes", () => "a".repeat(8193), "too_large"],
    ["no shape at all", () => "garbage", "unknown_connector_token"],
    ["dots and nothing else", () => "..", "malformed"],
    ["five parts, as of an encrypted token", () => "a.b.c.d.e", "unknown_connector_token"],
    ["no JSON inside", () => `${encode("x")}.${encode("y")}.z`, "malformed"],
    ["nothing", () => "", "unknown_connector_token"],
    ["invalid UTF-8", () => "\ufffd\ufffd.\ufffd.\ufffd", "malformed"],
  ])("%s", async (_, token, reason) => {
    const presented = await token();
    expect(await outcomeOf(() => pemVerifier().verify(presented))).toBe(reason);
  });

  it("tells the caller the same whatever the cause", () => {
    expect(new TokenRejectedError("expired").message).toBe(
      new TokenRejectedError("signature").message,
    );
  });

  it("is taken at the edge of the tolerance", async () => {
    const token = await sign({ claims: { exp: nowSeconds - 29, nbf: nowSeconds + 30 } });
    expect(await outcomeOf(() => pemVerifier().verify(token))).toBe("verified");
  });

  function swapClaims(token: string): string {
    const [header, , signature] = token.split(".");
    return [header, encode({ ...goodClaims, sub: "mallory" }), signature].join(".");
  }
});

describe("the memory of verified tokens", () => {
  it("answers at once for a token that was verified, until its exp", async () => {
    const verifier = pemVerifier();
    const token = await sign();
    expect(verifier.verify(token)).toBeInstanceOf(Promise);
    await verifier.verify(token);
    expect(verifier.verify(token)).toMatchObject({ subject: "alice" });
    nowMs = (nowSeconds + 600) * 1000;
    expect(verifier.verify(token)).toBeInstanceOf(Promise); // within the tolerance, but checked again
    nowMs = (nowSeconds + 631) * 1000;
    expect(await outcomeOf(() => verifier.verify(token))).toBe("expired");
  });
});

describe("connector tokens", () => {
  const connectorVerifier = (entry: object) =>
    createTokenVerifier(
      {
        queryToken: true,
        jwt: [],
        connectorTokensFile: write("tokens.yaml", JSON.stringify({ tokens: [entry] })),
      },
      { clock, log },
    );

  it("are known by their hash, at once", async () => {
    const verifier = connectorVerifier({ name: "gateway", hash: hashConnectorToken("a+b/c=") });
    expect(verifier.verify("a+b/c=")).toEqual({ kind: "connector", subject: "gateway" });
    expect(await outcomeOf(() => verifier.verify("a+b/c"))).toBe("unknown_connector_token");
  });

  it("end when they expire", async () => {
    const expires = "2026-01-01T00:01:00Z";
    const verifier = connectorVerifier({ name: "gateway", hash: hashConnectorToken("t"), expires });
    expect(verifier.verify("t")).toMatchObject({ expiresAtSeconds: nowSeconds + 60 });
    nowMs += 60_000;
    expect(await outcomeOf(() => verifier.verify("t"))).toBe("connector_token_expired");
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
    const run = () =>
      createTokenVerifier({ queryToken: true, jwt: [], connectorTokensFile }, { clock, log });
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
        file: write("r.pem", pem(rsa.publicKey)),
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
  let server: Server;
  let respond: RequestListener;
  let asked = 0;
  let url: URL;
  beforeEach(async () => {
    asked = 0;
    server = createServer((request, response) => {
      asked += 1;
      respond(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    url = new URL(
      `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/jwks?secret=x`,
    );
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const serve =
    (...keys: object[]): RequestListener =>
    (_, response) =>
      response.end(JSON.stringify({ keys }));
  const open = async () => {
    const verifier = verifierFor({ kind: "jwksUrl", url, algorithms: ["ES256", "RS256"] });
    await verifier.load();
    return verifier;
  };
  const other = generate("ES256");
  const tokenA = () => sign({ header: { kid: "a" } });
  const tokenB = () => sign({ key: other.privateKey, header: { kid: "b" } });

  it("follows a rotation at once, and forgets what the old key verified", async () => {
    respond = serve(jwk(ec.publicKey, "a"));
    const verifier = await open();
    const old = await tokenA();
    expect(await outcomeOf(() => verifier.verify(old))).toBe("verified");
    respond = serve(jwk(other.publicKey, "b"));
    const fresh = await tokenB();
    expect(await outcomeOf(() => verifier.verify(fresh))).toBe("verified");
    expect(await outcomeOf(() => verifier.verify(old))).toBe("unknown_key");
  });

  it("is asked once for many unknown keys, then not for a while", async () => {
    respond = serve(jwk(ec.publicKey, "a"));
    const verifier = await open();
    for (let i = 0; i < 20; i += 1) {
      const token = await sign({ header: { kid: `x${i}` } });
      expect(await outcomeOf(() => verifier.verify(token))).toBe("unknown_key");
    }
    expect(asked).toBe(2);
    nowMs += 10_000;
    const token = await sign({ header: { kid: "y" } });
    expect(await outcomeOf(() => verifier.verify(token))).toBe("unknown_key");
    expect(asked).toBe(3);
  });

  it.each<[string, RequestListener]>([
    ["an error", (_, response) => response.writeHead(500).end()],
    ["garbage", (_, response) => response.end("<html>")],
    ["no keys", (_, response) => response.end("{}")],
    ["10 MB", (_, response) => response.end(" ".repeat(10_000_000))],
    ["a redirect", (_, response) => response.writeHead(302, { Location: "/elsewhere" }).end()],
    ["a cut connection", (_, response) => response.destroy()],
  ])("that serves %s later leaves the last good keys in use", async (_, failure) => {
    respond = serve(jwk(ec.publicKey, "a"));
    const verifier = await open();
    respond = failure;
    const unknown = await tokenB();
    expect(await outcomeOf(() => verifier.verify(unknown))).toBe("unknown_key");
    const token = await tokenA();
    expect(await outcomeOf(() => verifier.verify(token))).toBe("verified");
    expect(log.warn).toHaveBeenCalled();
    expect(JSON.stringify(log.warn.mock.calls)).not.toContain("secret=x");
  });

  it("that fails at the start refuses its tokens until it is back", async () => {
    respond = (_, response) => response.writeHead(503).end();
    const verifier = await open();
    const token = await tokenA();
    expect(await outcomeOf(() => verifier.verify(token))).toBe("keys_unavailable");
    respond = serve(jwk(ec.publicKey, "a"));
    nowMs += 10_000;
    expect(await outcomeOf(() => verifier.verify(token))).toBe("verified");
    expect(log.info).toHaveBeenCalled();
  });

  it("that hangs does not outlast the caller's signal", async () => {
    respond = serve(jwk(ec.publicKey, "a"));
    const verifier = await open();
    respond = () => {};
    const controller = new AbortController();
    const token = await tokenB();
    const outcome = outcomeOf(() => verifier.verify(token, controller.signal));
    controller.abort();
    expect(await outcome).toBe("cancelled");
    verifier.close();
  });

  it("is asked again in the background when its keys are ten minutes old", async () => {
    respond = serve(jwk(ec.publicKey, "a"));
    const verifier = await open();
    const token = await sign({ header: { kid: "a" }, claims: { exp: nowSeconds + 9999 } });
    await verifier.verify(token);
    expect(asked).toBe(1);
    nowMs += 10 * 60_000;
    expect(verifier.verify(token)).toMatchObject({ subject: "alice" });
    await expect.poll(() => asked).toBe(2);
  });

  it("with several keys and a token without kid: each that fits is tried", async () => {
    respond = serve(jwk(other.publicKey, "b"), jwk(ec.publicKey, "a"));
    const verifier = await open();
    const token = await sign();
    expect(await outcomeOf(() => verifier.verify(token))).toBe("verified");
  });

  it("never makes a symmetric key that it serves a way to sign", async () => {
    const secret = randomBytes(32);
    respond = serve(
      { kty: "oct", k: secret.toString("base64url"), kid: "s" },
      jwk(ec.publicKey, "a"),
    );
    const verifier = await open();
    const token = await sign({ key: secret, header: { alg: "HS256", kid: "s" } });
    expect(await outcomeOf(() => verifier.verify(token))).toBe("algorithm");
  });
});
