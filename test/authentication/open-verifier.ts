import type { ConnectorTokenEntry } from "../../src/authentication/connector-token.js";
import { JwksPool } from "../../src/authentication/jwks-pool.js";
import {
  createTokenVerifier,
  type TokenVerifier,
} from "../../src/authentication/token-verifier.js";
import type { Clock } from "../../src/clock.js";
import type { AuthConfig } from "../../src/config/config.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import type { Log } from "../../src/log.js";

export interface OpenVerifierOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly connectorTokens?: readonly ConnectorTokenEntry[];
}

/** A verifier by itself, over files on disk. */
export function openVerifier(
  auth: AuthConfig,
  { clock, log, connectorTokens }: OpenVerifierOptions,
): TokenVerifier & { close(): void } {
  const jwks = new JwksPool({ clock, log, onChange: () => verifier.forget() });
  const verifier = createTokenVerifier(auth, {
    clock,
    files: new DiskFiles(),
    jwks,
    connectorTokens,
  });
  return { ...verifier, close: () => jwks.keep([]) };
}
