import {
  createPrivateKey,
  createPublicKey,
  type ED25519KeyPairOptions,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";

export type KeyKind = "P-256" | "P-384" | "P-521" | "ed25519" | "ed448" | "rsa" | "short-rsa";

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * Makes a pair of keys that can be exported. Keys straight from generateKeyPairSync share a lock with the
 * job that has made them: if Node 20 collects that job while it exports one of them as a JWK, it
 * waits for itself forever.
 */
export function createKeyPair(kind: KeyKind): KeyPair {
  const privateKey = createPrivateKey(generatePem(kind));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

const encodings: ED25519KeyPairOptions<"pem", "pem"> = {
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
};

function generatePem(kind: KeyKind): string {
  switch (kind) {
    case "ed25519":
      return generateKeyPairSync("ed25519", encodings).privateKey;
    case "ed448":
      return generateKeyPairSync("ed448", encodings).privateKey;
    case "rsa":
      return generateKeyPairSync("rsa", { modulusLength: 2048, ...encodings }).privateKey;
    case "short-rsa":
      return generateKeyPairSync("rsa", { modulusLength: 1024, ...encodings }).privateKey;
    default:
      return generateKeyPairSync("ec", { namedCurve: kind, ...encodings }).privateKey;
  }
}
