import { MalformedMessageError } from "./stun-message.js";

/** Why a probe failed. A closed set: scripts, metrics and tables may rely on it. */
export const probeCauses = [
  "name-not-found",
  "refused",
  "no-route",
  "connection-closed",
  "time-out",
  "no-answer",
  "tls-expired",
  "tls-wrong-name",
  "tls-untrusted",
  "tls-failed",
  "not-tls",
  "not-stun",
  "malformed",
  "unverified",
  "wrong-secret",
  "wrong-realm",
  "clock-skew",
  "stale-nonce",
  "redirect-loop",
  "no-authentication",
  "quota",
  "full",
  "no-capacity",
  "forbidden",
  "address-family",
  "unsupported-transport",
  "relay-unreachable",
  "peer-denied",
  "relay-not-tested",
  "server-error",
] as const;
export type ProbeCause = (typeof probeCauses)[number];

export interface ProbeFailure {
  readonly cause: ProbeCause;
  /** What was seen, for people; never a secret, and safe to show. */
  readonly detail: string;
  /** The code that the server answered with, where it did. */
  readonly errorCode?: number;
}

/** Ends a probe. */
export class ProbeError extends Error {
  override readonly name = "ProbeError";

  constructor(readonly failure: ProbeFailure) {
    super(`${failure.cause}: ${failure.detail}`);
  }
}

/** @param detail see {@link ProbeFailure} */
export function probeError(cause: ProbeCause, detail: string): ProbeError {
  return new ProbeError({ cause, detail });
}

export function timeOutError(): ProbeError {
  return probeError("time-out", "no answer in time");
}

/**
 * What an error of a probe means.
 * @throws whatever else it is, such as the reason of the caller's signal
 */
export function toFailure(error: unknown): ProbeFailure {
  if (error instanceof ProbeError) {
    return error.failure;
  }
  if (error instanceof MalformedMessageError) {
    return { cause: "malformed", detail: `an answer cannot be used: ${error.message}` };
  }
  throw error;
}

export function isTimeOut(reason: unknown): boolean {
  return reason instanceof ProbeError && reason.failure.cause === "time-out";
}
