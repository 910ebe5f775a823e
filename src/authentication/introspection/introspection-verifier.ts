import type { Clock } from "../../clock.js";
import { revealSecret } from "../../config/file-kinds.js";
import { printBasicAuthorization } from "../../outgoing/basic-authorization.js";
import { describeAudienceMismatch } from "../audience-mismatch.js";
import type { Caller } from "../caller.js";
import type { CancellableWait } from "../cancellable-wait.js";
import type { DenyList } from "../deny-list-file.js";
import type { VerifiedToken } from "../token-kind.js";
import { TokenRejectedError } from "../token-rejected-error.js";
import { hasScope, readUsersRight } from "../users-scope.js";
import type { IntrospectionConfig } from "./introspection-config.js";
import type { IntrospectionReason } from "./introspection-reasons.js";
import type { ActiveToken } from "./introspection-response.js";
import type { Finding, IntrospectionSource } from "./introspection-source.js";

/** How long the answer for an inactive token is remembered. */
const inactiveForMs = 10_000;
/** How far the clock of the authorization server may be ahead when `nbf` is checked. */
const clockToleranceSeconds = 30;

export interface IntrospectionVerifierOptions {
  readonly source: IntrospectionSource;
  readonly clock: Clock;
  readonly isDenied: DenyList;
}

/** Verifies a token of any form; see `KindVerifier`. */
export type VerifyByIntrospection = (
  token: string,
  digest: string,
  wait: CancellableWait | undefined,
) => Promise<VerifiedToken>;

/**
 * Verifies tokens by the authorization server's answer: `active`, `aud` or else a scope, `exp`, and
 * `nbf`. The token must be no refresh token, and must not be on the deny list.
 */
export function createIntrospectionVerifier(
  config: IntrospectionConfig,
  { source, clock, isDenied }: IntrospectionVerifierOptions,
): VerifyByIntrospection {
  const authorization = authorize(config);

  /** When the answer must be renewed, in Unix milliseconds. */
  function findEnd({ introspection, askedAtMs }: Finding): number {
    if (typeof introspection === "string") {
      return askedAtMs + inactiveForMs;
    }
    const expiresAtMs = (introspection.expiresAtSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    return expiresAtMs <= askedAtMs
      ? askedAtMs + inactiveForMs
      : Math.min(expiresAtMs, askedAtMs + config.cacheForSeconds * 1000);
  }

  function isCurrent(finding: Finding): boolean {
    const nowMs = clock();
    // A time in the future means that the clock was set back.
    return nowMs >= finding.askedAtMs && nowMs < findEnd(finding);
  }

  function toVerified(finding: Finding): VerifiedToken {
    const { introspection } = finding;
    if (introspection === "inactive") {
      throw reject("inactive");
    }
    if (introspection === "odd") {
      throw reject("introspection_claim");
    }
    const { expiresAtSeconds, notBeforeSeconds = 0 } = introspection;
    const nowSeconds = clock() / 1000;
    if (
      (expiresAtSeconds !== undefined && expiresAtSeconds <= nowSeconds) ||
      notBeforeSeconds > nowSeconds + clockToleranceSeconds
    ) {
      throw reject("inactive");
    }
    // A client sends it to its authorization server only (RFC 6749 section 1.5).
    if (introspection.isRefreshToken) {
      throw reject("introspection_refresh_token");
    }
    checkPurpose(introspection, config);
    const issuer = introspection.issuer ?? config.url.href;
    const subject = findSubject(introspection);
    if (isDenied({ issuer, subject, id: introspection.id })) {
      throw reject("revoked");
    }
    const { usersScope } = config;
    const caller: Caller = {
      kind: "introspection",
      issuer,
      subject,
      ...(expiresAtSeconds !== undefined && {
        expiresAtSeconds,
        endsAtSeconds: expiresAtSeconds,
      }),
      ...(usersScope !== undefined && {
        usersRight: readUsersRight(introspection.scopes, usersScope),
      }),
    };
    return { caller, knownUntilMs: findEnd(finding), source: undefined };
  }

  return async (token, digest, wait) => {
    const known = source.recall(digest);
    return toVerified(
      known !== undefined && isCurrent(known)
        ? known
        : await source.ask(token, digest, authorization, wait),
    );
  };
}

/** Whether the token was issued for this service: by its `aud`, or by its scope if it has none. */
function checkPurpose(
  introspection: ActiveToken,
  { audience = [], requiredScope }: IntrospectionConfig,
): void {
  const given = introspection.audience;
  if (given === undefined) {
    if (requiredScope === undefined || !hasScope(introspection.scopes, requiredScope)) {
      throw reject(requiredScope === undefined ? "introspection_audience" : "introspection_scope");
    }
  } else if (!audience.some((each) => given.includes(each))) {
    throw reject("introspection_audience", describeAudienceMismatch("aud", given, audience));
  }
}

/** A token that a client got for itself has no subject (RFC 6749 section 4.4). */
function findSubject({ subject, clientId }: ActiveToken): string {
  return subject ?? (clientId === undefined ? "" : `client:${clientId}`);
}

function reject(reason: IntrospectionReason, detail?: string): TokenRejectedError {
  return new TokenRejectedError(reason, true, detail);
}

/** HTTP Basic. Both parts are form-encoded first (RFC 6749 section 2.3.1). */
function authorize({ clientId, clientSecretFile }: IntrospectionConfig): string {
  const secret = revealSecret(clientSecretFile);
  return printBasicAuthorization(encodeForm(clientId), encodeForm(secret));
}

function encodeForm(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice("=".length);
}
