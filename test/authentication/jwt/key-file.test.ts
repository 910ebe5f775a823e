import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AsymmetricAlgorithm,
  asymmetricAlgorithms,
} from "../../../src/authentication/jwt/jwt-algorithms.js";
import {
  describeCertificateLife,
  readKeySetFile,
  readPublicKeyFile,
} from "../../../src/authentication/jwt/key-file.js";
import { DiskFiles } from "../../../src/files/disk-files.js";
import { problemsOf } from "../../config-problems.js";
import { createKeyPair } from "../../parts/key-pair.js";
import {
  createTemporaryDirectory,
  type TemporaryDirectory,
} from "../../parts/temporary-directory.js";
import { createSigningKey } from "../signing-key.js";
import { certificateLife, ecCertificate, shortRsaCertificate } from "./certificates.js";

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await createTemporaryDirectory("key-file");
});
afterAll(() => directory.remove());

const spki = { type: "spki", format: "pem" } as const;
const pkcs8 = { type: "pkcs8", format: "pem" } as const;
const es256 = createSigningKey("ES256");
const rs256 = createSigningKey("RS256");
const smallRsa = createKeyPair("short-rsa");
const pssKey = generateKeyPairSync("rsa-pss", { modulusLength: 2048 });
const bitcoinKey = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
const agreementKey = generateKeyPairSync("x25519");
const privatePem = es256.privateKey.export(pkcs8).toString();
const encryptedPem = es256.privateKey
  .export({ ...pkcs8, cipher: "aes-256-cbc", passphrase: "x" })
  .toString();

describe("readPublicKeyFile", () => {
  const findProblems = async (pem: string, algorithms: readonly AsymmetricAlgorithm[]) => {
    const file = await directory.write("key.pem", pem);
    return problemsOf(() => readPublicKeyFile(file, new DiskFiles(), algorithms, "auth.jwt[2]"));
  };

  it.each(asymmetricAlgorithms)("reads a key for %s", async (algorithm) => {
    const { pem } = createSigningKey(algorithm);
    const file = await directory.write("key.pem", pem);
    const { publicKey } = readPublicKeyFile(file, new DiskFiles(), [algorithm], "auth.jwt[0]");
    expect(publicKey.type).toBe("public");
  });

  it("reads PKCS #1 and text around the key", async () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = publicKey.export({ type: "pkcs1", format: "pem" }).toString();
    expect(await findProblems(`issued in 2030\n${pem}\n`, ["RS256", "PS512"])).toEqual([]);
  });

  it.each<[what: string, pem: string, problem: RegExp, fix: RegExp]>([
    ["a private key", privatePem, /private key/, /-pubout/],
    ["an encrypted private key", encryptedPem, /private key/, /-pubout/],
    ["a private beside the public key", es256.pem + privatePem, /private key/, /-pubout/],
    [
      "a certificate that is none",
      "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
      /not a public key or certificate/,
      /BEGIN CERTIFICATE/,
    ],
    [
      "a request for a certificate",
      ecCertificate.replaceAll("CERT", "CERTIFICATE REQUEST CERT"),
      /not a/,
      /BEGIN/,
    ],
    [
      "a chain of certificates",
      ecCertificate + shortRsaCertificate,
      /2 PEM blocks/,
      /certificates above/,
    ],
    ["a certificate and its key", ecCertificate + es256.pem, /2 PEM blocks/, /Leave the one/],
    ["a certificate and its private key", ecCertificate + privatePem, /private key/, /-pubout/],
    ["the certificate of a short key", shortRsaCertificate, /RSA key of 1024 bits/, /2048/],
    ["two keys", es256.pem + rs256.pem, /2 PEM blocks/, /jwksFile/],
    ["no PEM", '{"keys":[]}', /not a public key or/, /BEGIN PUBLIC KEY/],
    ["an empty file", "", /not a public key or/, /BEGIN PUBLIC KEY/],
    ["broken PEM", es256.pem.replace(/\n.{8}/, "\nAAAAAAAA"), /not a public key or/, /BEGIN/],
    ["a short RSA key", smallRsa.publicKey.export(spki).toString(), /RSA key of 1024 bits/, /2048/],
    ["an RSA-PSS key", pssKey.publicKey.export(spki).toString(), /type rsa-pss/, /RSA/],
    ["a curve not in JWA", bitcoinKey.publicKey.export(spki).toString(), /secp256k1/, /P-256/],
    ["a key-agreement key", agreementKey.publicKey.export(spki).toString(), /x25519/, /Ed25519/],
  ])("refuses %s", async (_, pem, problem, fix) => {
    expect(await findProblems(pem, ["ES256"])).toEqual([
      {
        key: "auth.jwt[2].publicKeyFile",
        problem: expect.stringMatching(problem),
        fix: expect.stringMatching(fix),
      },
    ]);
  });

  it.each<[AsymmetricAlgorithm, AsymmetricAlgorithm[], problem: RegExp, fix: RegExp]>([
    ["ES256", ["RS256"], /^RS256 .* EC key on the curve prime256v1/, /^Use ES256, or/],
    ["ES256", ["ES256", "ES384", "EdDSA"], /^ES384, EdDSA cannot/, /^Use ES256, or/],
    [
      "RS256",
      ["ES256"],
      /^ES256 .* RSA key of 2048 bits/,
      /RS256, RS384, RS512, PS256, PS384, PS512/,
    ],
    ["EdDSA", ["ES512"], /^ES512 .* type ed25519/, /^Use EdDSA, or/],
  ])(
    "refuses, with a key for %s, the algorithms %j",
    async (keyAlgorithm, algorithms, problem, fix) => {
      expect(await findProblems(createSigningKey(keyAlgorithm).pem, algorithms)).toEqual([
        {
          key: "auth.jwt[2].algorithms",
          problem: expect.stringMatching(problem),
          fix: expect.stringMatching(fix),
        },
      ]);
    },
  );

  it("refuses a missing file", () => {
    expect(
      problemsOf(() => readPublicKeyFile("/absent", new DiskFiles(), ["ES256"], "auth.jwt[0]")),
    ).toEqual([
      expect.objectContaining({
        key: "auth.jwt[0].publicKeyFile",
        problem: expect.stringContaining("ENOENT"),
      }),
    ]);
  });
});

describe("a certificate", () => {
  it.each([
    ["alone", ecCertificate],
    ["behind text and a byte order mark", `\ufeffsubject=CN = issuer.test\n${ecCertificate}`],
    ["with Windows line ends", ecCertificate.replaceAll("\n", "\r\n")],
  ])("gives its key: %s", async (_, pem) => {
    // smallrye/smallrye-jwt#112
    const file = await directory.write("certificate.pem", pem);
    const read = readPublicKeyFile(file, new DiskFiles(), ["ES256"], "auth.jwt[0]");
    expect(read.publicKey.equals(new X509Certificate(ecCertificate).publicKey)).toBe(true);
  });

  it.each<[atMs: number, life: string | undefined]>([
    [certificateLife.beginsAtMs - 1, "is not valid before Nov 29 07:51:30 2026 GMT"],
    [certificateLife.beginsAtMs, undefined],
    [certificateLife.endsAtMs - 1, undefined],
    [certificateLife.endsAtMs, "expired on Nov  5 07:51:30 2126 GMT"],
  ])("is described at %d as %j", (nowMs, life) => {
    expect(describeCertificateLife(new X509Certificate(ecCertificate), nowMs)).toBe(life);
  });
});

describe("readKeySetFile", () => {
  const write = (content: string) => directory.write("keys.json", content);
  const keySet = (...keys: unknown[]) => JSON.stringify({ keys });
  const { jwk } = es256;

  it("keeps the keys that fit the algorithms, without what a verifier has no need of", async () => {
    const file = await write(
      keySet(
        { ...jwk, x5c: ["AAAA"], key_ops: ["verify"], ext: "no" },
        { ...jwk, kid: "encryption", use: "enc" },
        { ...jwk, kid: "sign only", key_ops: ["sign"] },
        { ...jwk, kid: "other algorithm", alg: "ES384" },
        { ...jwk, kid: "not on the curve", x: jwk.y },
        { kty: "RSA", kid: "short", ...smallRsa.publicKey.export({ format: "jwk" }) },
        { kty: "future", kid: "unknown" },
        rs256.jwk,
      ),
    );
    const { kty, crv, x, y, kid, alg } = jwk;
    expect(readKeySetFile(file, new DiskFiles(), ["ES256"], "auth.jwt[0]")).toEqual([
      { kty, crv, x, y, kid, alg },
    ]);
  });

  it.each<[what: string, content: string, problem: RegExp]>([
    ["no JSON", "keys:", /not JSON/],
    ["no JWKS", "[]", /not a JWKS/],
    ["one JWK alone", JSON.stringify(jwk), /not a JWKS/],
    ["a list of members that are no objects", keySet(null, "key", [jwk]), /no public signing key/],
    ["101 keys", keySet(...Array.from({ length: 101 }, () => jwk)), /more than 100 keys/],
    ["more than 256 KiB", `{"keys":[]}${" ".repeat(256 * 1024)}`, /larger than 262144 bytes/],
    ["a private key", keySet(jwk, es256.privateKey.export({ format: "jwk" })), /private/],
    ["a symmetric key", keySet(jwk, { kty: "oct", k: "AAAA" }), /symmetric/],
    ["no key", keySet(), /no public signing key that can verify ES256/],
    ["only keys for other algorithms", keySet(rs256.jwk), /no public signing key/],
  ])("refuses %s", async (_, content, problem) => {
    const file = await write(content);
    expect(
      problemsOf(() => readKeySetFile(file, new DiskFiles(), ["ES256"], "auth.jwt[1]")),
    ).toEqual([
      {
        key: "auth.jwt[1].jwksFile",
        problem: expect.stringMatching(problem),
        fix: expect.stringMatching(/^[A-Z].{10}/),
      },
    ]);
  });
});
