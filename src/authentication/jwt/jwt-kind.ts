import { ProblemCollection } from "../../config/problem-collection.js";
import type { KindMismatch, KindOptions, KindVerifier, TokenKind } from "../token-kind.js";
import { FetchBudget } from "./fetch-budget.js";
import { type KeySourceOptions, openKeySource } from "./issuer-keys.js";
import { describeJwks } from "./jwks-metrics.js";
import { JwksPool } from "./jwks-pool.js";
import type { JwtAuth } from "./jwt-config.js";
import { type JwtReason, jwtReasons } from "./jwt-reasons.js";
import { createJwtVerifier, type JwtVerifier } from "./jwt-verifier.js";
import { describeIssuerMismatch, encryptedDetail } from "./rejection-detail.js";
import { isEncrypted, readUnverified } from "./unverified-token.js";

type JwtMismatch = KindMismatch & { readonly reason: JwtReason };

/** JSON Web Tokens of the configured issuers (RFC 7519). */
export const jwtKind: TokenKind<JwtAuth> = {
  name: "jwt",
  reasons: jwtReasons,
  start(surroundings) {
    const { clock, log } = surroundings;
    const jwks = new JwksPool({ ...surroundings, budget: new FetchBudget() });
    return {
      open: (options) => openIssuers(options, { jwks, clock, log }),
      keep: (used) => jwks.keep(used),
      describe: () => describeJwks(jwks.statuses, clock()),
    };
  },
};

function openIssuers(
  { auth, files, ...options }: KindOptions<JwtAuth>,
  { clock, ...lasting }: Omit<KeySourceOptions, "files">,
): KindVerifier {
  const problems = new ProblemCollection();
  const verifiers: JwtVerifier[] = [];
  const byIssuer = new Map<string, JwtVerifier[]>();
  for (const [index, entry] of auth.jwt.entries()) {
    const source = problems.try(() =>
      openKeySource(entry, `auth.jwt[${index}]`, { files, clock, ...lasting }),
    );
    if (source !== undefined) {
      const verifier = createJwtVerifier(entry, { source, clock, ...options });
      verifiers.push(verifier);
      byIssuer.set(entry.issuer, [...(byIssuer.get(entry.issuer) ?? []), verifier]);
    }
  }
  problems.throwIfAny();
  return {
    sources: verifiers.map(({ source }) => source),
    verify(token, _, wait) {
      const selected = selectVerifier(token, byIssuer);
      return selected !== undefined && "verify" in selected
        ? selected.verify(token, wait)
        : selected;
    },
    forget() {
      for (const verifier of verifiers) {
        verifier.forget();
      }
    },
  };
}

/**
 * Finds who is to verify a token by what it says of itself, which is not to be believed yet.
 * @returns why nobody is; undefined for what does not look like a JWT
 */
function selectVerifier(
  token: string,
  byIssuer: ReadonlyMap<string, readonly JwtVerifier[]>,
): JwtVerifier | JwtMismatch | undefined {
  if (token.split(".", 4).length !== 3) {
    return isEncrypted(token) ? { reason: "unsupported", detail: encryptedDetail } : undefined;
  }
  const unverified = readUnverified(token);
  if (unverified === undefined) {
    return { reason: "malformed" };
  }
  const { iss } = unverified.claims;
  const [first, ...others] = (typeof iss === "string" && byIssuer.get(iss)) || [];
  if (first === undefined) {
    const detail = describeIssuerMismatch(iss, [...byIssuer.keys()]);
    return { reason: "unknown_issuer", detail };
  }
  if (others.length === 0) {
    return first;
  }
  // Each algorithm has one entry at most; the first one says what is wrong with any other.
  const alg = unverified.header?.["alg"];
  return others.find(({ algorithms }) => algorithms.some((name) => name === alg)) ?? first;
}
