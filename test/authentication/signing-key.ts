import { createSecretKey, type KeyObject, randomBytes, sign as signBytes } from "node:crypto";
import { type JWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import type { AsymmetricAlgorithm } from "../../src/authentication/jwt/jwt-algorithms.js";
import { createKeyPair, type KeyPair } from "../parts/key-pair.js";

export const issuer = "https://issuer.test";
export const audience = "ice-service";
/** The start of the movable clock, in Unix seconds. */
export const startSeconds = 1_800_000_000;

export interface SigningKey {
  readonly algorithm: AsymmetricAlgorithm;
  readonly privateKey: KeyObject;
  /** The public key in PEM. */
  readonly pem: string;
  /** The public key as a member of a JWKS. */
  readonly jwk: JWK & { readonly kid: string; readonly kty: string };
}

export function createSigningKey(
  algorithm: AsymmetricAlgorithm,
  kid: string = algorithm,
): SigningKey {
  const { privateKey, publicKey } = generateKeyPair(algorithm);
  const { kty = "", ...material } = publicKey.export({ format: "jwk" });
  return {
    algorithm,
    privateKey,
    pem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    jwk: { ...(material as JWK), kty, kid, alg: algorithm, use: "sig" },
  };
}

const rsaPairs: KeyPair[] = [];
const rsaPairsTaken = new Map<AsymmetricAlgorithm, number>();

function generateKeyPair(algorithm: AsymmetricAlgorithm): KeyPair {
  switch (algorithm) {
    case "ES256":
      return createKeyPair("P-256");
    case "ES384":
      return createKeyPair("P-384");
    case "ES512":
      return createKeyPair("P-521");
    case "EdDSA":
      return createKeyPair("ed25519");
    default: {
      // Takes a tenth of a second. All keys for one algorithm differ; those for two may be the same.
      const taken = rsaPairsTaken.get(algorithm) ?? 0;
      rsaPairsTaken.set(algorithm, taken + 1);
      rsaPairs[taken] ??= createKeyPair("rsa");
      return rsaPairs[taken];
    }
  }
}

export function createHmacSecret(): KeyObject {
  return createSecretKey(randomBytes(64));
}

/** Claims of a token that is valid for ten minutes from the clock's start. */
export const goodClaims = {
  iss: issuer,
  aud: audience,
  sub: "alice",
  exp: startSeconds + 600,
} as const satisfies JWTPayload;

/** Signs with a library. Claims and header parameters of `changes` replace good ones. */
export function signToken(
  { algorithm, privateKey, jwk }: SigningKey,
  changes: { claims?: JWTPayload; header?: Partial<JWTHeaderParameters> } = {},
): Promise<string> {
  return new SignJWT({ ...goodClaims, ...changes.claims })
    .setProtectedHeader({ alg: algorithm, kid: jwk.kid, ...changes.header })
    .sign(privateKey);
}

/** Signs any header and any payload text with ES256, valid or not. */
export function forgeToken(key: KeyObject, header: unknown, payload: string): string {
  const input = `${encode(JSON.stringify(header))}.${encode(payload)}`;
  const signature = signBytes("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

export function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}
