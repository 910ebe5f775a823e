import type { Clock } from "../../clock.js";
import { ProblemCollection } from "../../config/problem-collection.js";
import type { KindMismatch, KindOptions, KindVerifier, TokenKind } from "../token-kind.js";
import { isEncrypted, readClaims } from "./claims.js";
import { openKeySource } from "./issuer-keys.js";
import { describeJwks } from "./jwks-metrics.js";
import { JwksPool } from "./jwks-pool.js";
import type { JwtAuth } from "./jwt-config.js";
import { type JwtReason, jwtReasons } from "./jwt-reasons.js";
import { createJwtVerifier, type JwtVerifier } from "./jwt-verifier.js";
import { describeIssuerMismatch, encryptedDetail } from "./rejection-detail.js";

type JwtMismatch = KindMismatch & { readonly reason: JwtReason };

/** JSON Web Tokens of the configured issuers (RFC 7519). */
export const jwtKind: TokenKind<JwtAuth> = {
  name: "jwt",
  reasons: jwtReasons,
  start({ clock, log, outgoing, onChange }) {
    const jwks = new JwksPool({ clock, log, outgoing, onChange });
    return {
      open: (options) => openIssuers(options, jwks, clock),
      keep: (used) => jwks.keep(used),
      describe: () => describeJwks(jwks.statuses, clock()),
    };
  },
};

function openIssuers(
  { auth, files, ...options }: KindOptions<JwtAuth>,
  jwks: JwksPool,
  clock: Clock,
): KindVerifier {
  const problems = new ProblemCollection();
  const verifiers = new Map<string, JwtVerifier>();
  for (const [index, entry] of auth.jwt.entries()) {
    const entryKey = `auth.jwt[${index}]`;
    if (verifiers.has(entry.issuer)) {
      problems.add({
        key: `${entryKey}.issuer`,
        problem: "is the issuer of an earlier entry",
        fix: "Keep one entry for each issuer; a JWKS can hold several keys",
      });
    }
    const source = problems.try(() => openKeySource(entry, entryKey, { files, jwks }));
    if (source !== undefined) {
      verifiers.set(entry.issuer, createJwtVerifier(entry, { source, clock, ...options }));
    }
  }
  problems.throwIfAny();
  return {
    sources: [...verifiers.values()].map(({ source }) => source),
    verify(token, _, wait) {
      const selected = selectVerifier(token, verifiers);
      return selected !== undefined && "verify" in selected
        ? selected.verify(token, wait)
        : selected;
    },
    forget() {
      for (const verifier of verifiers.values()) {
        verifier.forget();
      }
    },
  };
}

/**
 * Finds who is to verify a token by what it claims, which is not to be believed yet.
 * @returns why nobody is; undefined for what does not look like a JWT
 */
function selectVerifier(
  token: string,
  verifiers: ReadonlyMap<string, JwtVerifier>,
): JwtVerifier | JwtMismatch | undefined {
  if (token.split(".", 4).length !== 3) {
    return isEncrypted(token) ? { reason: "unsupported", detail: encryptedDetail } : undefined;
  }
  const claims = readClaims(token);
  if (claims === undefined) {
    return { reason: "malformed" };
  }
  const { iss } = claims;
  const verifier = typeof iss === "string" ? verifiers.get(iss) : undefined;
  return (
    verifier ?? {
      reason: "unknown_issuer",
      detail: describeIssuerMismatch(iss, [...verifiers.keys()]),
    }
  );
}
