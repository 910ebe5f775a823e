import type { AuthConfig } from "../../src/authentication/auth-config.js";
import type { ConnectorTokenEntry } from "../../src/authentication/connector/connector-token.js";
import { listTokenKinds } from "../../src/authentication/token-kinds.js";
import type { TokenVerifier } from "../../src/authentication/token-verifier.js";
import { TokenVerifiers } from "../../src/authentication/token-verifiers.js";
import { type Clock, type StartTimer, systemTimer } from "../../src/clock.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import type { Log } from "../../src/log.js";
import { createOutgoingHttp } from "../../src/outgoing/outgoing-http.js";

export interface OpenVerifierOptions {
  /** The monotonic clock as well. */
  readonly clock: Clock;
  readonly startTimer?: StartTimer;
  readonly log: Log;
  readonly connectorTokens?: readonly ConnectorTokenEntry[];
  readonly toleratesExpiry?: boolean;
}

/** A verifier by itself, over files on disk. */
export function openVerifier(
  auth: AuthConfig,
  {
    clock,
    startTimer = systemTimer,
    log,
    connectorTokens,
    toleratesExpiry = true,
  }: OpenVerifierOptions,
): TokenVerifier & { close(): void } {
  const verifiers = new TokenVerifiers(listTokenKinds(connectorTokens), {
    ...{ clock, monotonicClock: clock, startTimer, log },
    outgoing: createOutgoingHttp({}),
    onChange: () => verifier.forget(),
  });
  const verifier = verifiers.open(auth, new DiskFiles(), { toleratesExpiry });
  return { ...verifier, close: () => verifiers.keep() };
}
