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
import { createClaimRules } from "./claim-rules.js";
import { listTokenNames } from "./jwt-algorithms.js";
import type { JwtIssuerConfig } from "./jwt-config.js";
import type { JwtReason } from "./jwt-reasons.js";
import type { KeySource } from "./key-source.js";
import { describeClaimFault } from "./rejection-detail.js";
import { readUnverified } from "./unverified-token.js";

/** Verifies the tokens of one entry of `auth.jwt`. */
export interface JwtVerifier {
  /** Where the keys come from. */
  readonly source: KeySource;
  /** What the `alg` of a token can be, by all names. */
  readonly algorithms: readonly string[];
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
 * Verifies the tokens of one entry (RFC 7519 section 7.2, RFC 8725): signature by one of its
 * algorithms with one of its keys, `iss`, `exp` (required), `nbf`, and what its claim rules say. A
 * token that the keys at hand do not verify waits for newer ones: its issuer may have changed them.
 */
export function createJwtVerifier(
  config: JwtIssuerConfig,
  options: JwtVerifierOptions,
): JwtVerifier {
  const { issuer, clockToleranceSeconds: clockTolerance } = config;
  const { source, clock } = options;
  const algorithms = listTokenNames(config.keys.algorithms);
  const requiredClaims = ["exp"];
  const judgeClaims = createClaimRules(config, options);

  /**
   * Keys that have verified a token, by its encoded header, which says all that a key is chosen by. A
   * key that jose need not ask for costs a tenth of a verification less.
   */
  let knownKeys = new Map<string, CryptoKey | Uint8Array>();

  async function verifySignature(token: string, wait?: CancellableWait): Promise<JWTPayload> {
    const currentDate = new Date(clock());
    const rules = { algorithms, issuer, clockTolerance, requiredClaims, currentDate };
    const findKey: JWTVerifyGetKey = (header) => source.findKey(header, wait);
    // Of now: if keys change meanwhile, what is found for this token is not remembered.
    const keys = knownKeys;
    const header = token.slice(0, token.indexOf("."));
    const knownKey = source.isStale() ? undefined : keys.get(header);
    if (knownKey !== undefined) {
      source.keepFresh();
    }
    try {
      const { payload, key } = await jwtVerify(token, knownKey ?? findKey, rules);
      if (key !== undefined) {
        if (keys.size === maxKnownKeys) {
          keys.clear();
        }
        // As a part of the token, the text would keep all of it in memory.
        keys.set(Buffer.from(header).toString(), key);
      }
      return payload;
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) {
        return verifyWithEachKey(token, error, rules);
      }
      throw error;
    }
  }

  /** Clients send old tokens long after their key is gone. No key would make these valid. */
  function mayBeValid(token: string): boolean {
    const exp = readUnverified(token)?.claims["exp"];
    return typeof exp === "number" && exp + clockTolerance > clock() / 1000;
  }

  /** Tries again each time that there are newer keys. */
  async function verifyWithNewer(
    token: string,
    version: number,
    firstError: unknown,
    wait: CancellableWait | undefined,
  ): Promise<JWTPayload> {
    let error = firstError;
    if (mayLackKey(error) && mayBeValid(token)) {
      for await (const _ of source.findNewer(version, wait)) {
        try {
          return await verifySignature(token, wait);
        } catch (nextError) {
          error = nextError;
          if (!mayLackKey(error)) {
            break;
          }
        }
      }
    }
    throw error;
  }

  return {
    source,
    algorithms,
    async verify(token, wait) {
      const { version } = source;
      try {
        const payload = await verifySignature(token, wait).catch((error: unknown) =>
          verifyWithNewer(token, version, error, wait),
        );
        return judgeClaims(payload);
      } catch (error) {
        throw translateJoseError(error, source);
      }
    },
    forget() {
      knownKeys = new Map();
    },
  };
}

/** Whether a newer key could verify the token: one with a new `kid`, or one that has replaced another under its `kid`. */
function mayLackKey(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWSSignatureVerificationFailed
  );
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
function translateJoseError(error: unknown, { isFailing }: KeySource): unknown {
  if (!(error instanceof errors.JOSEError)) {
    return error;
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    return claim === "nbf" && reason === "check_failed"
      ? new TokenRejectedError<JwtReason>("not_yet_valid")
      : new TokenRejectedError<JwtReason>("claim", true, describeClaimFault(claim, reason));
  }
  const reason = reasons[error.code];
  const isUncertain = isFailing && error instanceof errors.JWKSNoMatchingKey;
  return reason === undefined ? error : new TokenRejectedError(reason, !isUncertain);
}
