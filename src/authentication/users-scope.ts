import { optionalKey } from "../config/key.js";
import { checked } from "../config/kind.js";
import { text } from "../config/scalars.js";
import type { UsersRight } from "./caller.js";

/** One OAuth scope (RFC 6749 section 3.3). */
export const scope = checked(text(), (name, place) =>
  /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(name)
    ? name
    : place.refuse(
        "is not one OAuth scope",
        "Write a scope such as ice:users: ASCII characters without spaces, quotes, and backslashes",
      ),
);

/** The key of an issuer that decides which of its tokens may name users. */
export const usersScopeKey = optionalKey(scope, {
  example: "ice:users",
  defaultText: "none: no token may",
  help: "Tokens with this scope (a word in scope, or an element of scp) may name users, see docs/end-users.md. Do not give it to tokens that clients have.",
});

/**
 * Reads from a token's scopes, or from what an authorization server says of them, whether it may name
 * users. Both `scope` (RFC 8693 section 4.2) and `scp` are words in one text, or a list.
 */
export function readUsersRight(
  claims: Readonly<Record<string, unknown>>,
  usersScope: string,
): UsersRight {
  return hasScope(claims, usersScope) ? "granted" : { missingScope: usersScope };
}

/** Whether a scope is among those of a token. */
export function hasScope(claims: Readonly<Record<string, unknown>>, wanted: string): boolean {
  return [claims["scope"], claims["scp"]].some((scopes) => includesScope(scopes, wanted));
}

function includesScope(scopes: unknown, wanted: string): boolean {
  return typeof scopes === "string"
    ? scopes.split(" ").includes(wanted)
    : Array.isArray(scopes) && scopes.includes(wanted);
}
