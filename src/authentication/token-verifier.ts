import { hash } from "node:crypto";
import type { Clock } from "../clock.js";
import type { AuthConfig } from "../config/config.js";
import { ProblemCollection } from "../config/problem-collection.js";
import type { Files } from "../files/files.js";
import type { Caller } from "./caller.js";
import { type ConnectorTokenEntry, maxTokenBytes } from "./connector-token.js";
import { readConnectorTokensFile } from "./connector-tokens-file.js";
import { denyNothing, readDenyListFile } from "./deny-list-file.js";
import { openKeySource } from "./issuer-keys.js";
import type { JwksPool } from "./jwks-pool.js";
import { createJwtVerifier, type JwtVerifier, readClaimedIssuer } from "./jwt-verifier.js";
import type { CancellableWait, KeySource } from "./key-source.js";
import { TokenRejectedError, type TokenRejectedReason } from "./token-rejected-error.js";
import { VerifiedTokenCache } from "./verified-token-cache.js";

/** A token that was not seen before, or whose caller is not to be had any more. */
export interface UnknownToken {
  readonly kind: "unknown";
  readonly token: string;
  /** Its SHA-256 in hex; undefined for a token that is not worth a look. */
  readonly digest: string | undefined;
  /** Why it is not. */
  readonly flaw?: TokenRejectedReason;
}

/** Tells who presents a token. */
export interface TokenVerifier {
  /**
   * The caller of a token that is known to be good already, at next to no cost: a connector token,
   * or a JWT that was verified before. Every other one, good or bad, is for {@link verifyUnknown}.
   */
  recognize(token: string): Caller | UnknownToken;
  /**
   * @param wait its signal ends a wait for the issuer's keys; it is read only if there is one
   * @throws TokenRejectedError (or rejects with it) when the token does not verify
   */
  verifyUnknown(token: UnknownToken, wait?: CancellableWait): Promise<Caller>;
  /** Both in turn: answers at once for a token that is known, else later. */
  verify(token: string, wait?: CancellableWait): Caller | Promise<Caller>;
  /**
   * From when on the token of a caller that was verified here is refused, in Unix seconds: its `exp`
   * with the clock tolerance, its `expires`; undefined where it has no end.
   */
  findEndSeconds(caller: Caller): number | undefined;
  /** Asks every JWKS URL without keys. Settles when all have answered, well or not; never rejects. */
  load(): Promise<void>;
  /** To be called when keys have changed: every token is verified anew. */
  forget(): void;
  /** Where the keys come from. */
  readonly sources: readonly KeySource[];
}

export interface VerifierOptions {
  readonly clock: Clock;
  readonly files: Files;
  readonly jwks: JwksPool;
  /** Accepted beside those of the file. */
  readonly connectorTokens?: readonly ConnectorTokenEntry[] | undefined;
}

interface Issuer {
  readonly source: KeySource;
  readonly verifier: JwtVerifier;
  readonly clockToleranceSeconds: number;
}

/**
 * Reads the files that the configuration names. Keys behind URLs are read by {@link TokenVerifier.load},
 * or when a token first needs them.
 * @throws ConfigError with every problem of these files
 */
export function createTokenVerifier(
  auth: AuthConfig,
  { clock, files, jwks, connectorTokens = [] }: VerifierOptions,
): TokenVerifier {
  const cache = new VerifiedTokenCache(clock);
  const problems = new ProblemCollection();
  const issuers = new Map<string, Issuer>();
  const { connectorTokensFile, denyListFile } = auth;
  const isDenied =
    (denyListFile !== undefined && problems.try(() => readDenyListFile(denyListFile, files))) ||
    denyNothing;
  for (const [index, entry] of auth.jwt.entries()) {
    const entryKey = `auth.jwt[${index}]`;
    if (issuers.has(entry.issuer)) {
      problems.add({
        key: `${entryKey}.issuer`,
        problem: "is the issuer of an earlier entry",
        fix: "Keep one entry for each issuer; a JWKS can hold several keys",
      });
    }
    const source = problems.try(() => openKeySource(entry, entryKey, { files, jwks }));
    if (source !== undefined) {
      issuers.set(entry.issuer, {
        source,
        verifier: createJwtVerifier(entry, { source, clock, isDenied }),
        clockToleranceSeconds: entry.clockToleranceSeconds,
      });
    }
  }
  const fileTokens =
    connectorTokensFile === undefined
      ? []
      : problems.try(() => readConnectorTokensFile(connectorTokensFile, files));
  problems.throwIfAny();
  const connectors = new Map(
    [...(fileTokens ?? []), ...connectorTokens].map((entry) => [
      entry.hash.slice("sha256:".length),
      { entry, caller: toCaller(entry) },
    ]),
  );

  function verifyJwt(
    token: string,
    digest: string,
    wait: CancellableWait | undefined,
  ): Promise<Caller> {
    const claimedIssuer = readClaimedIssuer(token);
    const issuer = typeof claimedIssuer === "string" ? issuers.get(claimedIssuer) : undefined;
    if (issuer === undefined) {
      throw new TokenRejectedError("unknown_issuer");
    }
    const { generation } = cache;
    return issuer.verifier.verify(token, wait).then((caller) => {
      cache.add(digest, { caller, source: issuer.source }, generation);
      return caller;
    });
  }

  function recognize(token: string): Caller | UnknownToken {
    if (isTooLarge(token)) {
      return { kind: "unknown", token, digest: undefined, flaw: "too_large" };
    }
    const digest = hash("sha256", token);
    const verified = cache.find(digest);
    // With stale keys, it may have been verified by one that is withdrawn.
    if (verified !== undefined && !verified.source.isStale()) {
      // Else keys would never be loaded anew while only known tokens come.
      verified.source.keepFresh();
      return verified.caller;
    }
    const connector = connectors.get(digest);
    return connector === undefined || hasExpired(connector.entry, clock())
      ? { kind: "unknown", token, digest }
      : connector.caller;
  }

  function verifyUnknown(
    { token, digest, flaw = "malformed" }: UnknownToken,
    wait: CancellableWait | undefined,
  ): Promise<Caller> {
    if (digest === undefined) {
      throw new TokenRejectedError(flaw);
    }
    if (connectors.has(digest)) {
      throw new TokenRejectedError("connector_token_expired");
    }
    if (token.split(".", 4).length !== 3) {
      throw new TokenRejectedError("unknown_connector_token");
    }
    return verifyJwt(token, digest, wait);
  }

  const sources = [...issuers.values()].map(({ source }) => source);
  return {
    recognize,
    verifyUnknown,
    verify(token, wait) {
      const known = recognize(token);
      return known.kind === "unknown" ? verifyUnknown(known, wait) : known;
    },
    findEndSeconds(caller) {
      if (caller.kind === "connector") {
        return caller.expiresAtSeconds;
      }
      // Whole seconds are compared, and `exp` may have a fraction.
      const toleranceSeconds = issuers.get(caller.issuer)?.clockToleranceSeconds ?? 0;
      return Math.ceil(caller.expiresAtSeconds) + toleranceSeconds;
    },
    async load() {
      await Promise.all(sources.map((source) => source.load()));
    },
    forget() {
      cache.clear();
      for (const { verifier } of issuers.values()) {
        verifier.forget();
      }
    },
    sources,
  };
}

function isTooLarge(token: string): boolean {
  // A character takes up to three bytes; to count them takes longer than all the rest here.
  return (
    token.length > maxTokenBytes ||
    (token.length > maxTokenBytes / 3 && Buffer.byteLength(token) > maxTokenBytes)
  );
}

function hasExpired({ expiresAtSeconds }: ConnectorTokenEntry, nowMs: number): boolean {
  return expiresAtSeconds !== undefined && nowMs >= expiresAtSeconds * 1000;
}

function toCaller({ name, expiresAtSeconds }: ConnectorTokenEntry): Caller {
  return {
    kind: "connector",
    subject: name,
    ...(expiresAtSeconds !== undefined && { expiresAtSeconds }),
  };
}
