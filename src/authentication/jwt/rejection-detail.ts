import { printValue } from "../../config/value-text.js";

/** Issuers and audiences are longer than most values; the end is where they differ. */
const maxShownLength = 200;
/** Of a list that a token or a configuration holds. */
const maxShownEntries = 5;

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
      return `the token's iss ${print(iss)} differs from the configured issuer ${print(near)} by ${name}`;
    }
  }
  const near = issuers.find((issuer) => normalizeAll(issuer) === normalizeAll(iss));
  return near === undefined
    ? `the token's iss ${print(iss)} is none of the configured issuers: ${printList(issuers)}`
    : `the token's iss ${print(iss)} is written in another way than the configured issuer ${print(near)}`;
}

function normalizeAll(issuer: string): string {
  return differences.reduce((text, [, normalize]) => normalize(text), issuer);
}

/**
 * How the audience of a verified token differs from the configured one.
 * @param claim the one that names it
 * @param found as the token has it
 */
export function describeAudienceMismatch(
  claim: string,
  found: unknown,
  audience: readonly string[],
): string {
  const expected = printList(audience);
  if (found === undefined) {
    return `the token has no ${claim}, which must contain one of ${expected}`;
  }
  const values = (Array.isArray(found) ? found : [found]).map((value: unknown) =>
    typeof value === "string" ? value : JSON.stringify(value),
  );
  return `the token's ${claim} (${printList(values)}) contains none of ${expected}`;
}

/** What is wrong with another claim, which is not repeated. */
export function describeClaimFault(claim: string, reason: string): string {
  return reason === "missing" ? `the token has no ${claim}` : `the token's ${claim} is not valid`;
}

function printList(values: readonly string[]): string {
  const shown = values.slice(0, maxShownEntries).map(print).join(", ");
  const omitted = values.length - maxShownEntries;
  return omitted > 0 ? `${shown}, and ${omitted} more` : shown || "none";
}

function print(text: string): string {
  return printValue(text, maxShownLength);
}
