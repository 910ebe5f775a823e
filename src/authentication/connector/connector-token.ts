import { hash, randomBytes } from "node:crypto";
import { findTextFlaw } from "../../config/free-text.js";

const namePattern = /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u;

/** Whether a text can be an entry's name: 1 to 200 printable characters, and no {@link findTextFlaw}. */
export function isConnectorName(text: string): boolean {
  return namePattern.test(text) && findTextFlaw(text) === undefined;
}

/** What the service knows about one connector token. */
export interface ConnectorTokenEntry {
  /** Who presents it; the caller's subject. */
  readonly name: string;
  /** `sha256:` and 64 lower-case hex digits, as {@link hashConnectorToken} makes it. */
  readonly hash: string;
  /** Unix seconds from which on the token is refused; absent when it never ends. */
  readonly expiresAtSeconds?: number;
  /** Whether calls with it may name users; absent: they may not. */
  readonly mayNameUsers?: boolean;
}

/** A new connector token: `ice_` and 256 random bits in base64url. */
export function createConnectorToken(): string {
  return `ice_${randomBytes(32).toString("base64url")}`;
}

/** Whether a text has the form that {@link createConnectorToken} gives to tokens. */
export function looksLikeConnectorToken(text: string): boolean {
  return /^ice_[\w-]{43}$/.test(text);
}

/**
 * The form in which a tokens file knows a token: `sha256:<64 hex digits>`. A plain hash is enough,
 * as nobody can guess a token of 128 random bits and more.
 */
export function hashConnectorToken(token: string): string {
  return `sha256:${hash("sha256", token)}`;
}
