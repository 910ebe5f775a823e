import type { Kind } from "../../config/kind.js";
import { choice } from "../../config/scalars.js";

/** Signature algorithms with public keys (RFC 7518 section 3.1, RFC 8037 section 3.1). */
export const asymmetricAlgorithms = [
  "ES256",
  "ES384",
  "ES512",
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
] as const;
/** Those with a shared secret. */
export const hmacAlgorithms = ["HS256", "HS384", "HS512"] as const;

export type AsymmetricAlgorithm = (typeof asymmetricAlgorithms)[number];
export type HmacAlgorithm = (typeof hmacAlgorithms)[number];
export type JwtAlgorithm = AsymmetricAlgorithm | HmacAlgorithm;

/** EdDSA with the curve Ed25519, the only one supported here (RFC 9864 section 2.2). */
const ed25519 = "Ed25519";

/** The canonical name of an algorithm here: `EdDSA` for `Ed25519` as well. */
export function nameAlgorithm(written: string): string {
  return written === ed25519 ? "EdDSA" : written;
}

/** Every name that a token can use for one of these algorithms. */
export function listTokenNames(algorithms: readonly JwtAlgorithm[]): string[] {
  return algorithms.includes("EdDSA") ? [...algorithms, ed25519] : [...algorithms];
}

const writtenAlgorithm = choice(...asymmetricAlgorithms, ed25519, ...hmacAlgorithms);

/** An algorithm by any of its names. */
export const jwtAlgorithm: Kind<JwtAlgorithm, string, ""> = {
  ...writtenAlgorithm,
  read(given, place) {
    const written = writtenAlgorithm.read(given, place);
    return written === ed25519 ? "EdDSA" : written;
  },
  describe: (value) => value,
};

export function isHmacAlgorithm(algorithm: JwtAlgorithm): algorithm is HmacAlgorithm {
  return hmacAlgorithms.some((name) => name === algorithm);
}

export function isAsymmetricAlgorithm(algorithm: JwtAlgorithm): algorithm is AsymmetricAlgorithm {
  return !isHmacAlgorithm(algorithm);
}
