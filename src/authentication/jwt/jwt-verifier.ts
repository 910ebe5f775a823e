import {
  type CryptoKey,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import type { Clock } from "../../clock.js";
import type { CancellableWait } from "../cancellable-wait.js";
import type { DenyList } from "../deny-list-file.js";
import type { VerifiedToken } from "../token-kind.js";
import { TokenRejectedError } from "../token-rejected-error.js";
import { readUsersRight } from "../users-scope.js";
import type { JwtIssuerConfig } from "./jwt-config.js";
import type { JwtReason } from "./jwt-reasons.js";
import { type KeySource, UncertainKeyError } from "./key-source.js";
import { describeAudienceMismatch, describeClaimFault } from "./rejection-detail.js";

/** Verifies the tokens of one issuer. */
export interface JwtVerifier {
  /** Where the keys come from. */
  readonly source: KeySource;
  /** @throws TokenRejectedError (as a rejection) when the token does not verify */
  verify(token: string, wait?: CancellableWait): Promise<VerifiedToken>;
  /** To be called when keys have changed. */
  forget(): void;
}

/** An issuer signs with one key, or with two while it changes them; some put a nonce into the header. */
const maxKnownKeys = 16;

export interface JwtVerifierOptions {
  readonly source: KeySource;
  readonly clock: Clock;
  readonly isDenied: DenyList;
  /** Whether the clock tolerance applies to `exp` too, or to `nbf` only. */
  readonly toleratesExpiry: boolean;
}

/**
 * Verifies the tokens of one issuer (RFC 7519 section 7.2, RFC 8725): signature by one of its
 * algorithms with one of its keys, `iss`, `aud`, `exp` (required), `nbf`, `sub` a string if present;
 * and that it is not on the deny list.
 */
export function createJwtVerifier(
  config: JwtIssuerConfig,
  { source, clock, isDenied, toleratesExpiry }: JwtVerifierOptions,
): JwtVerifier {
  const { issuer, clockToleranceSeconds: clockTolerance, usersScope } = config;
  const algorithms = [...config.keys.algorithms];
  const audience = [...config.audience];
  const requiredClaims = ["exp"];

  function toVerified(payload: JWTPayload): VerifiedToken {
    const { sub = "", exp, jti } = payload;
    // JSON has no infinity, but 1e999 reads as one.
    if (typeof sub !== "string" || exp === undefined || !Number.isFinite(exp)) {
      throw new TokenRejectedError<JwtReason>("claim");
    }
    if (!toleratesExpiry && clock() >= exp * 1000) {
      throw new TokenRejectedError<JwtReason>("expired");
    }
    if (isDenied({ issuer, subject: sub, id: readId(jti) })) {
      throw new TokenRejectedError<JwtReason>("revoked");
    }
    const caller = {
      kind: "jwt",
      issuer,
      subject: sub,
      expiresAtSeconds: exp,
      // jose compares whole seconds, and `exp` may have a fraction.
      endsAtSeconds: toleratesExpiry ? Math.ceil(exp) + clockTolerance : exp,
      ...(usersScope !== undefined && { usersRight: readUsersRight(payload, usersScope) }),
    };
    // The tolerance does not extend it: within, the token is verified each time.
    return { caller, knownUntilMs: exp * 1000, source };
  }

  /**
   * Keys that have verified a token, by its encoded header, which says all that a key is chosen by. A
   * key that jose need not ask for costs a tenth of a verification less.
   */
  let knownKeys = new Map<string, CryptoKey | Uint8Array>();

  return {
    source,
    verify(token, wait) {
      const currentDate = new Date(clock());
      const options = { algorithms, issuer, audience, clockTolerance, requiredClaims, currentDate };
      const findKey: JWTVerifyGetKey = (header) => source.findKey(header, wait);
      // Of now: if keys change meanwhile, what is found for this token is not remembered.
      const keys = knownKeys;
      const header = token.slice(0, token.indexOf("."));
      const knownKey = source.isStale() ? undefined : keys.get(header);
      if (knownKey !== undefined) {
        source.keepFresh();
      }
      return jwtVerify(token, knownKey ?? findKey, options).then(
        ({ payload, key }) => {
          if (key !== undefined) {
            if (keys.size === maxKnownKeys) {
              keys.clear();
            }
            // As a part of the token, the text would keep all of it in memory.
            keys.set(Buffer.from(header).toString(), key);
          }
          return toVerified(payload);
        },
        async (error) => {
          if (!(error instanceof errors.JWKSMultipleMatchingKeys)) {
            throw translateJoseError(error, audience);
          }
          try {
            return toVerified(await verifyWithEachKey(token, error, options));
          } catch (failure) {
            throw translateJoseError(failure, audience);
          }
        },
      );
    },
    forget() {
      knownKeys = new Map();
    },
  };
}

/**
 * The `jti` as a deny list can name it. RFC 7519 section 4.1.7 has a string; some issuers count
 * instead, and a number that cannot be told from others cannot be denied.
 */
function readId(jti: unknown): string | undefined {
  if (jti === undefined || jti === null) {
    return undefined;
  }
  if (typeof jti === "string") {
    return jti;
  }
  if (typeof jti === "number" && Number.isSafeInteger(jti)) {
    return String(jti);
  }
  throw new TokenRejectedError<JwtReason>("claim");
}

/** A token without `kid` may fit several keys: each is tried until one verifies the signature. */
async function verifyWithEachKey(
  token: string,
  keys: errors.JWKSMultipleMatchingKeys,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  for await (const key of keys) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (failure) {
      if (!(failure instanceof errors.JWSSignatureVerificationFailed)) {
        throw failure;
      }
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

const reasons: Readonly<Record<string, JwtReason>> = {
  ERR_JWS_INVALID: "malformed",
  ERR_JWT_INVALID: "malformed",
  ERR_JOSE_NOT_SUPPORTED: "unsupported",
  ERR_JOSE_ALG_NOT_ALLOWED: "algorithm",
  ERR_JWKS_NO_MATCHING_KEY: "unknown_key",
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: "signature",
  ERR_JWT_EXPIRED: "expired",
};

/** What is no refusal of the token is a mistake of ours and stays as it is. */
function translateJoseError(error: unknown, audience: readonly string[]): unknown {
  if (!(error instanceof errors.JOSEError)) {
    return error;
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason, payload } = error;
    if (claim === "aud") {
      const detail = describeAudienceMismatch(payload.aud, audience);
      return new TokenRejectedError<JwtReason>("audience", true, detail);
    }
    return claim === "nbf" && reason === "check_failed"
      ? new TokenRejectedError<JwtReason>("not_yet_valid")
      : new TokenRejectedError<JwtReason>("claim", true, describeClaimFault(claim, reason));
  }
  const reason = reasons[error.code];
  return reason === undefined
    ? error
    : new TokenRejectedError(reason, !(error instanceof UncertainKeyError));
}
