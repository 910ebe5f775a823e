import { errorCode, type StunErrorCode } from "./error-code.js";
import { type ProbeCause, ProbeError } from "./probe-failure.js";

const causes: Readonly<Record<number, ProbeCause>> = {
  [errorCode.forbidden]: "forbidden",
  [errorCode.staleNonce]: "stale-nonce",
  [errorCode.addressFamilyNotSupported]: "address-family",
  [errorCode.unsupportedTransport]: "unsupported-transport",
  [errorCode.allocationQuotaReached]: "quota",
  [errorCode.insufficientCapacity]: "no-capacity",
};

/** What an error answer means; `wrong-secret` only where a credential was refused. */
export function toServerError({ code, reason }: StunErrorCode): ProbeError {
  return withCause(causes[code] ?? "server-error", { code, reason });
}

/**
 * What the error answer to a credential means, its nonce being right. coturn says 401 to a wrong
 * secret and to an expired credential alike, pion 400.
 *
 * @param realm safe to show
 */
export function toCredentialError(error: StunErrorCode, realm: string): ProbeError {
  return error.code === errorCode.unauthorized || error.code === errorCode.badRequest
    ? withCause("wrong-secret", error, `, in the realm ${JSON.stringify(realm)}`)
    : toServerError(error);
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
