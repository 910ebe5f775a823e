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

export function isHmacAlgorithm(algorithm: JwtAlgorithm): algorithm is HmacAlgorithm {
  return hmacAlgorithms.some((name) => name === algorithm);
}

export function isAsymmetricAlgorithm(algorithm: JwtAlgorithm): algorithm is AsymmetricAlgorithm {
  return !isHmacAlgorithm(algorithm);
}
