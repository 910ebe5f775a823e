import type { KeyObject } from "node:crypto";
import type { AsymmetricAlgorithm } from "./jwt-algorithms.js";

const curveAlgorithms: Readonly<Record<string, readonly AsymmetricAlgorithm[]>> = {
  prime256v1: ["ES256"],
  secp384r1: ["ES384"],
  secp521r1: ["ES512"],
};

/**
 * The algorithms that a public key can verify: RSA keys of at least 2048 bits (RFC 7518 sections
 * 3.3 and 3.5), one each for the three NIST curves (section 3.4), EdDSA for Ed25519 (RFC 8037).
 * Empty for every other key.
 */
export function listFittingAlgorithms(key: KeyObject): readonly AsymmetricAlgorithm[] {
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "rsa":
      return modulusLength >= 2048 ? ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] : [];
    case "ec":
      return curveAlgorithms[namedCurve] ?? [];
    case "ed25519":
      return ["EdDSA"];
    default:
      return [];
  }
}

/** Names a key's kind and size for people, such as `an RSA key of 1024 bits`. */
export function describeKey(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case "rsa":
      return `an RSA key of ${modulusLength} bits`;
    case "ec":
      return `an EC key on the curve ${namedCurve}`;
    default:
      return `a key of type ${key.asymmetricKeyType}`;
  }
}
