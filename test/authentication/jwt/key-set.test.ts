import { describe, expect, it } from "vitest";
import type { AsymmetricAlgorithm } from "../../../src/authentication/jwt/jwt-algorithms.js";
import { parseKeySet, selectKeys } from "../../../src/authentication/jwt/key-set.js";
import { createKeyPair } from "../../parts/key-pair.js";
import { createSigningKey } from "../signing-key.js";

const ec = createSigningKey("ES256", "ec").jwk;
const rsa = createSigningKey("RS256", "rsa").jwk;
const ed = createSigningKey("EdDSA", "ed").jwk;
const { kty, crv, x, y } = ec;
const algorithms: readonly AsymmetricAlgorithm[] = ["ES256", "RS256", "EdDSA"];

const usableOf = (...members: readonly unknown[]) =>
  selectKeys(parseKeySet(JSON.stringify({ keys: members })), algorithms).keys;
const kidsOf = (...members: readonly unknown[]) => usableOf(...members).map(({ kid }) => kid);
const pad = (text: string | undefined) => Buffer.from(text ?? "", "base64url").toString("base64");

describe("a key set as it is published", () => {
  it.each<[what: string, members: readonly unknown[]]>([
    // jpadilla/pyjwt#857 and #862: one odd member must not cost the others.
    ["null", [null, ec, null]],
    ["texts, numbers, and lists", ["key", 1, true, [], ec]],
    ["an empty object", [{}, ec]],
    ["a key type of the future", [{ kty: "AKP", alg: "ML-DSA-65", pub: "AAAA" }, ec]],
    ["a key type that is null", [{ ...ec, kid: "x", kty: null }, ec]],
    ["a key type that is a list", [{ ...ec, kid: "x", kty: ["EC"] }, ec]],
    ["an unknown curve", [{ ...ec, kid: "x", crv: "P-0" }, ec]],
    ["a curve that is null", [{ ...ec, kid: "x", crv: null }, ec]],
    ["a coordinate that is null", [{ ...ec, kid: "x", x: null }, ec]],
    ["a coordinate that is a number", [{ ...ec, kid: "x", y: 5 }, ec]],
    ["a key of another use", [{ ...ec, kid: "x", use: "enc" }, ec]],
    ["a key for another operation", [{ ...ec, kid: "x", key_ops: ["deriveKey"] }, ec]],
    ["a key for another algorithm", [{ ...ec, kid: "x", alg: "ECDH-ES" }, ec]],
    ["a private key", [{ ...ec, kid: "x", d: x }, ec]],
    ["a symmetric key", [{ kty: "oct", kid: "x", k: "AAAA" }, ec]],
  ])("keeps its other keys beside %s", (_, members) => {
    expect(kidsOf(...members)).toEqual(["ec"]);
  });

  it.each<[what: string, changes: object]>([
    [
      "null for everything that is optional",
      {
        use: null,
        key_ops: null,
        alg: null,
        x5c: null,
        x5t: null,
        x5u: null,
        "x5t#S256": null,
        d: null,
        ext: null,
      },
    ],
    ["odd types", { use: 1, key_ops: "verify", alg: ["ES256"], x5c: {}, ext: "yes", d: null }],
    ["empty texts", { use: "", alg: "", x5t: "", x5u: "" }],
    ["a certificate chain that is none", { x5c: ["AAAA", null, 5] }],
    ["more operations, and odd ones", { key_ops: ["verify", null, "sign", "verify"] }],
    [
      "members nobody knows",
      { nbf: null, exp: "soon", status: { revoked: false }, n: "AAAA", e: null },
    ],
    ["padding", { x: pad(x), y: pad(y) }],
  ])("keeps a key with %s", (_, changes) => {
    expect(usableOf({ ...ec, ...changes })).toEqual([
      expect.objectContaining({ kty, crv, x, y, kid: "ec" }),
    ]);
  });

  it.each<[what: string, kid: unknown]>([
    ["null", null],
    ["a number", 7],
    ["a list", ["ec"]],
  ])("keeps a key with a kid that is %s, as one without", (_, kid) => {
    expect(usableOf({ ...ec, kid })).toEqual([{ kty, crv, x, y, alg: "ES256" }]);
  });

  it("keeps both keys under one kid", () => {
    expect(kidsOf({ ...rsa, kid: "same" }, { ...ec, kid: "same" }, { ...ec, kid: "same" })).toEqual(
      ["same", "same", "same"],
    );
  });

  it.each(["EdDSA", "Ed25519", undefined, null])("keeps an Ed25519 key whose alg is %s", (alg) => {
    // better-auth/better-auth#11348, RFC 9864 section 2.2
    expect(kidsOf({ ...ed, alg })).toEqual(["ed"]);
    expect(usableOf({ ...ed, alg })[0]).not.toHaveProperty("alg");
  });

  it("leaves out Ed448 and short RSA keys", () => {
    const others = [createKeyPair("ed448"), createKeyPair("short-rsa")].map(({ publicKey }) =>
      publicKey.export({ format: "jwk" }),
    );
    expect(usableOf(...others)).toEqual([]);
  });

  it("may begin with a byte order mark", () => {
    // instructure/canvas-lms#2639
    expect(parseKeySet(`\ufeff${JSON.stringify({ keys: [ec] })}`)).toEqual([ec]);
  });
});
