import { CallRejectedError, InvalidFieldError } from "../errors.js";
import type { CredentialLifeSettings } from "./ice-server-settings.js";

/** The caller's token ends too soon for a credential. */
export class CallerExpiredError extends CallRejectedError {
  override readonly name = "CallerExpiredError";
  /** For the log: as for a token that has expired before the call. */
  override readonly reason = "expired";
}

/**
 * @param ttlSeconds as requested; 0 is the default
 * @param life undefined without TURN: then the value must only not be negative
 * @throws InvalidFieldError when it is out of bounds
 */
export function checkTtl(ttlSeconds: number, life: CredentialLifeSettings | undefined): void {
  const { minTtlSeconds: min, ttlSeconds: max } = life ?? {
    minTtlSeconds: 0,
    ttlSeconds: Number.MAX_SAFE_INTEGER,
  };
  if (ttlSeconds !== 0 && !(ttlSeconds >= min && ttlSeconds <= max)) {
    throw new InvalidFieldError(
      "ttl_seconds",
      life === undefined
        ? "must be 0 (the default) or more"
        : `must be 0 (the default) or from ${min} to ${max}`,
    );
  }
}

/**
 * When a credential that is requested now must expire, in whole Unix seconds.
 *
 * @param requestedSeconds 0 is the default; else within the bounds
 * @param tokenExpiresAtSeconds undefined for a token without an end
 * @throws CallerExpiredError when `capAtTokenExpiry` leaves no life at all
 */
export function findExpiry(
  { ttlSeconds, capAtTokenExpiry }: CredentialLifeSettings,
  requestedSeconds: number,
  tokenExpiresAtSeconds: number | undefined,
  nowSeconds: number,
): number {
  const wanted = nowSeconds + (requestedSeconds || ttlSeconds);
  if (!capAtTokenExpiry || tokenExpiresAtSeconds === undefined) {
    return wanted;
  }
  const capped = Math.min(wanted, Math.floor(tokenExpiresAtSeconds));
  if (capped <= nowSeconds) {
    throw new CallerExpiredError("the caller's token has expired");
  }
  return capped;
}
