import { errorCode, readErrorCode, type StunErrorCode } from "./error-code.js";
import { type ProbeCause, ProbeError } from "./probe-failure.js";
import type { StunMessage } from "./stun-message.js";
import { readAlternate, TryAlternateError } from "./try-alternate.js";

const causes: Readonly<Record<number, ProbeCause>> = {
  [errorCode.forbidden]: "forbidden",
  [errorCode.staleNonce]: "stale-nonce",
  [errorCode.addressFamilyNotSupported]: "address-family",
  [errorCode.unsupportedTransport]: "unsupported-transport",
  [errorCode.allocationQuotaReached]: "quota",
  [errorCode.insufficientCapacity]: "no-capacity",
};

/**
 * What an error answer means; `wrong-secret` only where a credential was refused.
 * @throws MalformedMessageError when the answer cannot be read
 */
export function toServerError(response: StunMessage): ProbeError | TryAlternateError {
  const error = readErrorCode(response);
  const alternate = error.code === errorCode.tryAlternate ? readAlternate(response) : undefined;
  return alternate === undefined
    ? withCause(causes[error.code] ?? "server-error", error)
    : new TryAlternateError(alternate);
}

/**
 * What the error answer to a credential means, its nonce being right. coturn says 401 to a wrong
 * secret and to an expired credential alike, pion 400.
 *
 * @param realm safe to show
 * @throws MalformedMessageError when the answer cannot be read
 */
export function toCredentialError(
  response: StunMessage,
  realm: string,
): ProbeError | TryAlternateError {
  const error = readErrorCode(response);
  return error.code === errorCode.unauthorized || error.code === errorCode.badRequest
    ? withCause("wrong-secret", error, `, in the realm ${JSON.stringify(realm)}`)
    : toServerError(response);
}

function withCause(cause: ProbeCause, error: StunErrorCode, where = ""): ProbeError {
  return new ProbeError({
    cause,
    detail: `the server answers ${printErrorCode(error)}${where}`,
    errorCode: error.code,
  });
}

/** Such as `403 (Forbidden)`. */
export function printErrorCode({ code, reason }: StunErrorCode): string {
  return reason === "" ? String(code) : `${code} (${reason})`;
}
