import { printClaim, printClaims } from "../audience-mismatch.js";

/** What the log says of an encrypted token. */
export const encryptedDetail =
  "the token is encrypted (JWE, RFC 7516); the service accepts signed tokens (JWS) only: switch off token encryption at the issuer";

const differences: readonly [name: string, normalize: (issuer: string) => string][] = [
  ["white space", (issuer) => issuer.replace(/\s+/g, "")],
  ["a trailing slash", (issuer) => issuer.replace(/\/+$/, "")],
  ["letter case", (issuer) => issuer.toLowerCase()],
  ["http: or https:", (issuer) => issuer.replace(/^https?:\/\//i, "")],
];

/**
 * How the `iss` of a token differs from the configured issuers. They are compared character by
 * character (RFC 7519 section 4.1.1).
 *
 * @param iss as the token has it, unverified
 */
export function describeIssuerMismatch(iss: unknown, issuers: readonly string[]): string {
  if (iss === undefined) {
    return "the token has no iss";
  }
  if (typeof iss !== "string") {
    return "the token's iss is not text";
  }
  for (const [name, normalize] of differences) {
    const near = issuers.find((issuer) => normalize(issuer) === normalize(iss));
    if (near !== undefined) {
      return `the token's iss ${printClaim(iss)} differs from the configured issuer ${printClaim(near)} by ${name}`;
    }
  }
  const near = issuers.find((issuer) => normalizeAll(issuer) === normalizeAll(iss));
  return near === undefined
    ? `the token's iss ${printClaim(iss)} is none of the configured issuers: ${printClaims(issuers)}`
    : `the token's iss ${printClaim(iss)} is written in another way than the configured issuer ${printClaim(near)}`;
}

function normalizeAll(issuer: string): string {
  return differences.reduce((text, [, normalize]) => normalize(text), issuer);
}

/** What is wrong with another claim, which is not repeated. */
export function describeClaimFault(claim: string, reason: string): string {
  return reason === "missing" ? `the token has no ${claim}` : `the token's ${claim} is not valid`;
}
