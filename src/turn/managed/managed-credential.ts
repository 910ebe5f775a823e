import { IceUrlError, parseIceUrl } from "../../ice/ice-url.js";
import { ManagedError } from "./managed-error.js";

/** What a service has given: TURN URLs with credentials, as plain data that processes can exchange. */
export interface ManagedCredential {
  /** At least one. Each URL is there once, and every browser takes it. */
  readonly entries: ManagedEntries;
  /** From the request on, until the first of the credentials expires. */
  readonly ttlSeconds: number;
}

export type ManagedEntries = readonly [ManagedEntry, ...ManagedEntry[]];

/** URLs that share a credential. */
export interface ManagedEntry {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

/** More than any service lists; the rest is left out. */
const maxUrls = 32;
/** The longest that RTCPeerConnection takes is 508 bytes (RFC 8489 section 14.3: fewer than 509). */
const maxUsernameBytes = 508;
const maxCredentialBytes = 1024;
const maxTtlSeconds = 365 * 86_400;
/** Browsers refuse to connect to it (https://fetch.spec.whatwg.org/#port-blocking). */
const blockedPort = 53;

/**
 * Reads a list of RTCIceServer dictionaries, or one without a list around it, as Cloudflare's older
 * API answers. STUN entries, TURN entries without a usable credential,
 * and URLs that a browser would not take or not reach are left out.
 *
 * @param ttlSeconds how long the credentials live, as a number or as text in decimals
 * @throws ManagedError when it is no list, has no TURN URL, or does not live
 */
export function readManagedCredential(list: unknown, ttlSeconds: unknown): ManagedCredential {
  if (typeof list !== "object" || list === null) {
    throw new ManagedError("malformed", "the response has no list of ICE servers");
  }
  const servers: readonly unknown[] = Array.isArray(list) ? list : [list];
  const seen = new Set<string>();
  const entries = new Map<string, ManagedEntry>();
  for (const server of servers) {
    const { username, credential, urls, url } = readRecord(server);
    if (!isPlainText(username, maxUsernameBytes) || !isPlainText(credential, maxCredentialBytes)) {
      continue;
    }
    for (const text of listTurnUrls(urls ?? url)) {
      if (!seen.has(text) && seen.size < maxUrls) {
        seen.add(text);
        const key = JSON.stringify([username, credential]);
        const known = entries.get(key)?.urls ?? [];
        entries.set(key, { urls: [...known, text], username, credential });
      }
    }
  }
  const [first, ...rest] = entries.values();
  if (first === undefined) {
    throw new ManagedError("no-turn-url", "the response has no TURN URL that browsers can use");
  }
  return { entries: [first, ...rest], ttlSeconds: readTtl(ttlSeconds) };
}

/** The members of an object; none of anything else. */
export function readRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function readTtl(given: unknown): number {
  const seconds =
    typeof given === "string" && /^\d{1,15}(\.\d{1,15})?$/.test(given) ? Number(given) : given;
  if (typeof seconds !== "number" || !(seconds >= 1)) {
    throw new ManagedError("malformed", "the response has a lifetime that is not a number above 0");
  }
  return Math.min(Math.floor(seconds), maxTtlSeconds);
}

function listTurnUrls(urls: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(urls) ? urls : [urls];
  return texts.flatMap((text) => {
    const url = typeof text === "string" ? parseServable(text) : undefined;
    return url === undefined ? [] : [url];
  });
}

function parseServable(text: string): string | undefined {
  try {
    const { scheme, port, text: served } = parseIceUrl(text);
    return scheme.startsWith("turn") && port !== blockedPort ? served : undefined;
  } catch (error) {
    if (error instanceof IceUrlError) {
      return undefined;
    }
    throw error;
  }
}

/** Without control characters, which would end a header, and half surrogates, which UTF-8 cannot hold. */
function isPlainText(value: unknown, maxBytes: number): value is string {
  return (
    typeof value === "string" &&
    /^[^\p{Cc}\p{Cs}]+$/u.test(value) &&
    Buffer.byteLength(value) <= maxBytes
  );
}
