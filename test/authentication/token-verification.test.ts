import { createPrivateKey, generateKeyPairSync, webcrypto } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuthConfig } from "../../src/authentication/auth-config.js";
import {
  createConnectorToken,
  hashConnectorToken,
} from "../../src/authentication/connector/connector-token.js";
import {
  type AsymmetricAlgorithm,
  asymmetricAlgorithms,
  hmacAlgorithms,
} from "../../src/authentication/jwt/jwt-algorithms.js";
import type { JwtKeys } from "../../src/authentication/jwt/jwt-keys.js";
import { TokenRejectedError } from "../../src/authentication/token-rejected-error.js";
import { UnknownToken } from "../../src/authentication/token-verifier.js";
import { problemsOf } from "../config-problems.js";
import { jwtCaller } from "../parts/callers.js";
import {
  dropConnection,
  hang,
  type JwksServer,
  keys,
  startJwksServer,
} from "../parts/jwks-server.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { certificateLife, ecCertificate, ecCertificateKey } from "./jwt/certificates.js";
import { type OpenVerifierOptions, openVerifier } from "./open-verifier.js";
import {
  createHmacSecret,
  createSigningKey,
  forgeToken,
  goodClaims,
  issuer,
  type SigningKey,
  signToken,
  startSeconds,
} from "./signing-key.js";
import {
  authWith,
  bareAuth,
  createMovableClock,
  createRecordingLog,
  fetchedFrom,
  issuerWith,
  reasonOf,
} from "./verifier-setup.js";

const life = { expiresAtSeconds: startSeconds + 600, endsAtSeconds: startSeconds + 630 };
const alice = jwtCaller(issuer, "alice", life);
const es256 = createSigningKey("ES256", "first");
const next = createSigningKey("ES256", "second");

let directory: TemporaryDirectory;
let server: JwksServer;
let movable: ReturnType<typeof createMovableClock>;
let recording: ReturnType<typeof createRecordingLog>;
const verifiers: ReturnType<typeof openVerifier>[] = [];

beforeAll(async () => {
  directory = await createTemporaryDirectory("token-verifier");
});
afterAll(() => directory.remove());
beforeEach(async () => {
  server = await startJwksServer(keys(es256.jwk));
  movable = createMovableClock();
  recording = createRecordingLog();
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const verifier of verifiers.splice(0)) {
    verifier.close();
  }
  await server.close();
});

function create(auth: AuthConfig, options: Partial<OpenVerifierOptions> = {}) {
  const verifier = openVerifier(auth, {
    clock: movable.clock,
    log: recording.log,
    ...options,
  });
  verifiers.push(verifier);
  return verifier;
}

const urlKeys = (): JwtKeys => ({ ...fetchedFrom(server.url), algorithms: ["ES256"] });

/** Counts real signature checks: every one goes through here. */
const countVerifications = () => vi.spyOn(webcrypto.subtle, "verify");

async function writeKeys(
  kind: "publicKeyFile" | "jwksFile" | "fetched",
  { algorithm, pem, jwk }: SigningKey,
): Promise<JwtKeys> {
  const algorithms: AsymmetricAlgorithm[] = [algorithm];
  switch (kind) {
    case "publicKeyFile":
      return { kind, file: await directory.write("key.pem", pem), algorithms };
    case "jwksFile":
      return {
        kind,
        file: await directory.write("keys.json", JSON.stringify({ keys: [jwk] })),
        algorithms,
      };
    case "fetched":
      server.serve(keys(jwk));
      return { ...fetchedFrom(server.url), algorithms };
  }
}

describe("verify, for a JWT", () => {
  it.each(
    (["publicKeyFile", "jwksFile", "fetched"] as const).flatMap((kind) =>
      asymmetricAlgorithms.map((algorithm) => [kind, algorithm] as const),
    ),
  )("accepts, with a key from %s, a signature by %s", async (kind, algorithm) => {
    const key = createSigningKey(algorithm);
    const verifier = create(authWith(await writeKeys(kind, key)));
    expect(await verifier.verify(await signToken(key))).toEqual(alice);

    const impostor = await signToken(createSigningKey(algorithm));
    expect(await reasonOf(() => verifier.verify(impostor))).toBe("signature");
  });

  it.each(hmacAlgorithms)("accepts, with a secret, a signature by %s", async (algorithm) => {
    const secret = createHmacSecret();
    const verifier = create(authWith({ kind: "secret", secret, algorithms: [algorithm] }));
    const signWith = (key: typeof secret) =>
      new SignJWT(goodClaims).setProtectedHeader({ alg: algorithm }).sign(key);
    expect(await verifier.verify(await signWith(secret))).toEqual(alice);
    const impostor = await signWith(createHmacSecret());
    expect(await reasonOf(() => verifier.verify(impostor))).toBe("signature");
  });

  it.each([
    ["is valid", 0, []],
    [
      "has expired, with a warning",
      certificateLife.endsAtMs,
      [/^auth\.jwt\[0\]\.publicKeyFile: the certificate .* expired on Nov .* 2126/],
    ],
  ])("accepts, with the key of a certificate that %s", async (_, atMs, warnings) => {
    const file = await directory.write("certificate.pem", ecCertificate);
    movable.moveSeconds(Math.max(0, atMs / 1000 - startSeconds));
    const verifier = create(authWith({ kind: "publicKeyFile", file, algorithms: ["ES256"] }));
    const exp = Math.max(startSeconds, atMs / 1000) + 60;
    const token = await new SignJWT({ ...goodClaims, exp })
      .setProtectedHeader({ alg: "ES256" })
      .sign(createPrivateKey(ecCertificateKey));
    expect(await reasonOf(() => verifier.verify(token))).toBe("accepted");
    expect(recording.lines.map(({ message }) => message)).toEqual(
      warnings.map((warning) => expect.stringMatching(warning)),
    );
  });

  it("takes a token without sub as the caller without a name", async () => {
    const verifier = create(authWith(urlKeys()));
    const token = forgeToken(
      es256.privateKey,
      { alg: "ES256" },
      JSON.stringify({ ...goodClaims, sub: undefined }),
    );
    expect(await verifier.verify(token)).toEqual(jwtCaller(issuer, "", life));
  });

  it("tries every key that fits a token without kid", async () => {
    server.serve(keys(next.jwk, createSigningKey("RS256").jwk, es256.jwk));
    const verifier = create(authWith(urlKeys()));
    const withoutKid = (key: SigningKey, claims = goodClaims as object) =>
      forgeToken(key.privateKey, { alg: "ES256" }, JSON.stringify(claims));
    expect(await verifier.verify(withoutKid(es256))).toEqual(alice);
    expect(await verifier.verify(withoutKid(next))).toEqual(alice);
    expect(await reasonOf(() => verifier.verify(withoutKid(createSigningKey("ES256"))))).toBe(
      "signature",
    );
    const expired = withoutKid(es256, { ...goodClaims, exp: 1 });
    expect(await reasonOf(() => verifier.verify(expired))).toBe("expired");
  });

  it("keeps issuers and their keys apart", async () => {
    const other = "https://other.test";
    const verifier = create({
      ...bareAuth,
      jwt: [
        issuerWith(await writeKeys("publicKeyFile", next), { issuer: other, audience: ["x", "y"] }),
        issuerWith(urlKeys()),
      ],
    });
    const claims = { iss: other, aud: "y" };
    const own = await signToken(next, { claims });
    expect(await verifier.verify(own)).toEqual(jwtCaller(other, "alice", life));
    const foreign = await signToken(es256, { claims });
    expect(await reasonOf(() => verifier.verify(foreign))).toBe("signature");
  });

  it("waits for a first load under way no longer than its caller", async () => {
    server.serve(hang);
    const verifier = create(authWith(urlKeys()));
    const token = await signToken(es256);
    const controller = new AbortController();
    const reason = reasonOf(() => verifier.verify(token, controller));
    controller.abort();
    expect(await reason).toBe("cancelled");
  });
});

describe("verify, for a JWT that no known key has signed", () => {
  it.each([
    ["asks for newer keys", {}, 2],
    ["asks for none if it has expired", { exp: startSeconds - 31 }, 1],
    ["asks for none if it does not say when it expires", { exp: undefined }, 1],
  ])("%s", async (_, claims, requestCount) => {
    const verifier = create(authWith(urlKeys()));
    await verifier.load();
    movable.moveSeconds(1);
    const payload = JSON.stringify({ ...goodClaims, ...claims });
    const token = forgeToken(next.privateKey, { alg: "ES256", kid: "second" }, payload);
    expect(await reasonOf(() => verifier.verify(token))).toBe("unknown_key");
    expect(server.requestCount).toBe(requestCount);
  });
});

describe("verify, for a JWT that comes again", () => {
  it("answers at once, without checking the signature a second time", async () => {
    const verifier = create(authWith(urlKeys()));
    const token = await signToken(es256);
    const verifications = countVerifications();
    await verifier.verify(token);
    expect(verifier.verify(token)).toEqual(alice);
    expect(verifier.verify(token)).toEqual(alice);
    expect(verifications).toHaveBeenCalledTimes(1);
  });

  it("checks it anew from its exp on, within the tolerance and past it", async () => {
    const verifier = create(authWith(urlKeys()));
    const token = await signToken(es256);
    const verifications = countVerifications();
    await verifier.verify(token);
    movable.moveSeconds(599.999);
    expect(verifier.verify(token)).toEqual(alice);
    movable.moveSeconds(0.001);
    expect(await verifier.verify(token)).toEqual(alice);
    movable.moveSeconds(29.999);
    expect(await verifier.verify(token)).toEqual(alice);
    expect(verifications).toHaveBeenCalledTimes(3);
    movable.moveSeconds(0.001);
    expect(await reasonOf(() => verifier.verify(token))).toBe("expired");
  });

  it("remembers no token that was refused", async () => {
    const verifier = create(authWith(urlKeys()));
    const token = await signToken(es256, { claims: { nbf: startSeconds + 60 } });
    expect(await reasonOf(() => verifier.verify(token))).toBe("not_yet_valid");
    movable.moveSeconds(60);
    expect(await reasonOf(() => verifier.verify(token))).toBe("accepted");
  });

  it.each([
    ["only known tokens come", false],
    ["only unseen tokens come, by a key that has verified others", true],
  ])("notices a withdrawn key even when %s", async (_, unseen) => {
    const verifier = create(authWith(urlKeys()));
    const sign = () => signToken(es256, { claims: { exp: startSeconds + 3600 } });
    const known = await sign();
    const verifyOne = async () => {
      const token = unseen ? await sign() : known;
      return reasonOf(() => verifier.verify(token));
    };
    await verifier.verify(known);
    server.serve(keys(next.jwk));
    movable.moveSeconds(600);
    expect(await verifyOne()).toBe("accepted");
    await vi.waitFor(async () => expect(await verifyOne()).toBe("unknown_key"), {
      timeout: 30_000,
    });
  });

  it("does not accept it by a key that was withdrawn while nobody called", async () => {
    const verifier = create(authWith(urlKeys()));
    const long = { claims: { exp: startSeconds + 3600 } };
    const [known, unseen] = [await signToken(es256, long), await signToken(es256, long)];
    await verifier.verify(known);
    server.serve(keys(next.jwk));
    movable.moveSeconds(1200);
    expect(verifier.recognize(known)).toBeInstanceOf(UnknownToken);
    expect(await reasonOf(() => verifier.verify(unseen))).toBe("unknown_key");
    expect(await reasonOf(() => verifier.verify(known))).toBe("unknown_key");
  });

  it.each([
    ["a number, which the list has as text", 123, "revoked"],
    ["another number", 124, "accepted"],
    ["null, which is none", null, "accepted"],
    ["a number that others are read as too", 2 ** 53, "claim"],
    ["a list", ["123"], "claim"],
  ])("compares with the deny list a jti that is %s", async (_, jti, expected) => {
    const denyListFile = await directory.write("deny.yaml", 'deny: [{ jti: "123" }]');
    const verifier = create(authWith(urlKeys(), { denyListFile }));
    const payload = JSON.stringify({ ...goodClaims, jti });
    const token = forgeToken(es256.privateKey, { alg: "ES256", kid: es256.jwk.kid }, payload);
    expect(await reasonOf(() => verifier.verify(token))).toBe(expected);
  });

  it("accepts it while the URL is down", async () => {
    const verifier = create(authWith(urlKeys()));
    const long = { claims: { exp: startSeconds + 7200 } };
    const [known, unseen] = [await signToken(es256, long), await signToken(es256, long)];
    await verifier.verify(known);
    server.serve(dropConnection);
    movable.moveSeconds(3600);
    expect(await reasonOf(() => verifier.verify(known))).toBe("accepted");
    expect(await reasonOf(() => verifier.verify(unseen))).toBe("accepted");
  });
});

describe("verify, for a connector token", () => {
  const token = createConnectorToken();
  const hash = hashConnectorToken(token);
  const fileWith = async (fields: string) => ({
    connectorTokensFile: await directory.write("tokens.yaml", `tokens: [{ ${fields} }]`),
  });

  it("refuses the entry's hash itself, and every other token", async () => {
    const verifier = create(authWith(undefined, await fileWith(`name: a, hash: "${hash}"`)));
    for (const wrong of [hash, hash.slice(7), `${token}x`, token.toUpperCase(), ` ${token}`]) {
      expect(() => verifier.verify(wrong)).toThrow(
        expect.objectContaining({ reason: "unknown_connector_token" }),
      );
    }
  });

  it("accepts a token with dots in it, whatever it looks like", async () => {
    const connectorTokens = [{ name: "old", hash: hashConnectorToken("a.b.c") }];
    expect(create(authWith(), { connectorTokens }).verify("a.b.c")).toMatchObject({
      subject: "old",
    });
  });

  it("accepts further tokens of the surroundings beside those of the file", async () => {
    const auth = authWith(undefined, await fileWith(`name: a, hash: "${hash}"`));
    const connectorTokens = [{ name: "dev", hash: hashConnectorToken("dev-token") }];
    const verifier = create(auth, { connectorTokens });
    expect(verifier.verify("dev-token")).toMatchObject({ subject: "dev" });
    expect(verifier.verify(token)).toMatchObject({ subject: "a" });
  });

  it("refuses everything with nothing configured", async () => {
    const verifier = create(authWith());
    expect(() => verifier.verify(token)).toThrow(TokenRejectedError);
    expect(await reasonOf(async () => verifier.verify(await signToken(es256)))).toBe(
      "unknown_issuer",
    );
  });
});

describe("loaded", () => {
  it("settles at once without URLs", async () => {
    await create(authWith()).load();
    expect(server.requestCount).toBe(0);
  });

  it("settles after the first load, which starts at once", async () => {
    await create(authWith(urlKeys())).load();
    expect(server.requestCount).toBe(1);
  });

  it("settles as well when the load fails", async () => {
    server.serve(dropConnection);
    await create(authWith(urlKeys())).load();
    expect(recording.lines).toHaveLength(1);
  });

  it("settles when closed during the load", async () => {
    server.serve(hang);
    const verifier = create(authWith(urlKeys()));
    verifier.close();
    await verifier.load();
    expect(recording.lines).toEqual([]);
  });
});

describe("createTokenVerifier", () => {
  it("tells the problems of all entries and files at once, and starts no load", async () => {
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
    const pem = weak.export({ type: "spki", format: "pem" }).toString();
    const auth: AuthConfig = {
      ...bareAuth,
      jwt: [
        issuerWith(urlKeys()),
        issuerWith(
          {
            kind: "publicKeyFile",
            file: await directory.write("weak.pem", pem),
            algorithms: ["RS256"],
          },
          { issuer: "https://weak.test" },
        ),
        issuerWith({ kind: "jwksFile", file: "/absent", algorithms: ["ES256"] }),
      ],
      connectorTokensFile: "/absent.yaml",
    };
    expect(problemsOf(() => create(auth)).map(({ key }) => key)).toEqual([
      "auth.connectorTokensFile",
      "auth.jwt[1].publicKeyFile",
      "auth.jwt[2].jwksFile",
    ]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.requestCount).toBe(0);
  });
});
