import { type ProbeCause, ProbeError, probeError } from "./probe-failure.js";

const causes: Readonly<Record<string, ProbeCause>> = {
  ECONNREFUSED: "refused",
  EHOSTUNREACH: "no-route",
  ENETUNREACH: "no-route",
  ENETDOWN: "no-route",
  EADDRNOTAVAIL: "no-route",
  EAFNOSUPPORT: "no-route",
  EINVAL: "no-route",
  EACCES: "no-route",
  EPERM: "no-route",
  ECONNRESET: "connection-closed",
  ECONNABORTED: "connection-closed",
  EPIPE: "connection-closed",
  ETIMEDOUT: "time-out",
};

/** What an error of a socket means for the probe. */
export function toProbeError(error: unknown): ProbeError {
  if (error instanceof ProbeError) {
    return error;
  }
  const code = errorCodeOf(error);
  const cause = causes[code] ?? (code.startsWith("ERR_SSL_") ? "tls-failed" : "no-route");
  return probeError(cause, `the system says ${code}`);
}

/** Such as `ECONNREFUSED`. */
export function errorCodeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
