import type { AuthConfig } from "../../src/authentication/auth-config.js";
import type { Caller } from "../../src/authentication/caller.js";
import type { JwtIssuerConfig } from "../../src/authentication/jwt/jwt-config.js";
import type { JwtKeys } from "../../src/authentication/jwt/jwt-keys.js";
import { TokenRejectedError } from "../../src/authentication/token-rejected-error.js";
import { defaultMaxTokenBytes } from "../../src/authentication/token-size.js";
import { audience, issuer, startSeconds } from "./signing-key.js";

/** A clock that stands still until it is moved. */
export function createMovableClock() {
  let nowMs = startSeconds * 1000;
  return {
    clock: () => nowMs,
    moveSeconds(seconds: number) {
      nowMs += seconds * 1000;
    },
  };
}

export interface LogLine {
  readonly level: "info" | "warn";
  readonly fields: object;
  readonly message: string;
}

export function createRecordingLog() {
  const lines: LogLine[] = [];
  return {
    lines,
    log: {
      info: (fields: object, message: string) =>
        void lines.push({ level: "info", fields, message }),
      warn: (fields: object, message: string) =>
        void lines.push({ level: "warn", fields, message }),
    },
  };
}

/** What a configuration has without any key. */
export const bareAuth = { queryToken: true, maxTokenBytes: defaultMaxTokenBytes } as const;

/** A configuration with one issuer, or with none where no keys are given. */
export function authWith(keys?: JwtKeys, changes: Partial<AuthConfig> = {}): AuthConfig {
  return { ...bareAuth, jwt: keys === undefined ? [] : [issuerWith(keys)], ...changes };
}

export function issuerWith(keys: JwtKeys, changes: Partial<JwtIssuerConfig> = {}): JwtIssuerConfig {
  return {
    ...{ issuer, audience: [audience], audienceClaim: "aud", clockToleranceSeconds: 30, keys },
    ...changes,
  };
}

/** Keys of a key set at this URL. */
export const fetchedFrom = (url: URL) =>
  ({ kind: "fetched", location: { url, allowInsecureUrl: false } }) as const;

/** Why a token is refused, or `accepted`. */
export async function reasonOf(verify: () => Caller | Promise<unknown>): Promise<string> {
  try {
    await verify();
  } catch (error) {
    if (error instanceof TokenRejectedError) {
      return error.reason;
    }
    throw error;
  }
  return "accepted";
}
