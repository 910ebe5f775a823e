import type { JWTPayload } from "jose";
import type { Clock } from "../../clock.js";
import { describeAudienceMismatch } from "../audience-mismatch.js";
import type { DenyList } from "../deny-list-file.js";
import type { ProofSource, VerifiedToken } from "../token-kind.js";
import { TokenRejectedError } from "../token-rejected-error.js";
import { readUsersRight } from "../users-scope.js";
import type { JwtIssuerConfig } from "./jwt-config.js";
import type { JwtReason } from "./jwt-reasons.js";
import { describeClaimFault } from "./rejection-detail.js";

export interface ClaimRulesOptions {
  readonly source: ProofSource;
  readonly clock: Clock;
  readonly isDenied: DenyList;
  /** Whether the clock tolerance applies to `exp` and `nbf`, or only to `nbf`. */
  readonly toleratesExpiry: boolean;
}

/**
 * Checks the claims of a token whose signature, issuer, and times jose has checked.
 *
 * @throws TokenRejectedError
 */
export type ClaimRules = (claims: JWTPayload) => VerifiedToken;

/** The rules of one entry of `auth.jwt`: they apply to tokens that a key of this entry has verified. */
export function createClaimRules(
  { issuer, audience, audienceClaim, clockToleranceSeconds, usersScope }: JwtIssuerConfig,
  { source, clock, isDenied, toleratesExpiry }: ClaimRulesOptions,
): ClaimRules {
  return (claims) => {
    // A token with an audience is only for that audience (RFC 7519 section 4.1.3).
    const claim = claims.aud === undefined ? audienceClaim : "aud";
    if (!containsOneOf(claims[claim], audience)) {
      throw rejectAudience(claim, claims, audience);
    }
    const { exp } = claims;
    // JSON has no infinity, but 1e999 is read as one.
    if (exp === undefined || !Number.isFinite(exp)) {
      throw rejectClaim("exp");
    }
    const subject = readName("sub", claims) ?? "";
    if (!toleratesExpiry && clock() >= exp * 1000) {
      throw new TokenRejectedError<JwtReason>("expired");
    }
    if (isDenied({ issuer, subject, id: readName("jti", claims) })) {
      throw new TokenRejectedError<JwtReason>("revoked");
    }
    const caller = {
      kind: "jwt",
      issuer,
      subject,
      expiresAtSeconds: exp,
      // jose compares whole seconds, but `exp` may have a fraction.
      endsAtSeconds: toleratesExpiry ? Math.ceil(exp) + clockToleranceSeconds : exp,
      ...(usersScope !== undefined && { usersRight: readUsersRight(claims, usersScope) }),
    };
    // The tolerance does not extend this: within it, the token is verified each time.
    return { caller, knownUntilMs: exp * 1000, source };
  };
}

function rejectAudience(
  claim: JwtIssuerConfig["audienceClaim"],
  claims: JWTPayload,
  audience: readonly string[],
): TokenRejectedError<JwtReason> {
  const detail = describeAudienceMismatch(claim, claims[claim], audience);
  const others = (["client_id", "azp"] as const).filter((other) => claims[other] !== undefined);
  const canHaveAnother = claim === "aud" && claims.aud === undefined && others.length > 0;
  const hint = canHaveAnother ? `; it has ${others.join(" and ")}, see audienceClaim` : "";
  return new TokenRejectedError("audience", true, detail + hint);
}

/** Whether a claim is one of these texts, or a list that contains one. */
function containsOneOf(claim: unknown, texts: readonly string[]): boolean {
  return Array.isArray(claim)
    ? texts.some((text) => claim.includes(text))
    : texts.some((text) => text === claim);
}

/**
 * A `sub` or `jti` as text. RFC 7519 sections 4.1.2 and 4.1.7 require strings, but some issuers use
 * numbers, or null for none. A number that is not exact identifies nobody.
 */
function readName(name: "sub" | "jti", claims: JWTPayload): string | undefined {
  const claim: unknown = claims[name];
  if (claim === undefined || claim === null) {
    return undefined;
  }
  if (typeof claim === "string") {
    return claim;
  }
  if (typeof claim === "number" && Number.isSafeInteger(claim)) {
    return String(claim);
  }
  throw rejectClaim(name);
}

function rejectClaim(name: string): TokenRejectedError<JwtReason> {
  return new TokenRejectedError("claim", true, describeClaimFault(name, "invalid"));
}
