import { hash } from "node:crypto";
import type { Caller } from "./caller.js";

/** Longer ones are kept as their digest, so that a table of them has a bounded size. */
const maxChars = 128;

/**
 * A remembered token has the same caller object each time. A new text would be hashed and compared
 * letter by letter in each table.
 */
const keys = new WeakMap<Caller, string>();

/**
 * Names who has authenticated: kind of the token, issuer, and subject. What the service allows a
 * caller is counted under this key. See `findHolderKey` for on whose behalf a caller acts.
 */
export function findCallerKey(caller: Caller): string {
  let key = keys.get(caller);
  if (key === undefined) {
    key = makeKey(caller);
    keys.set(caller, key);
  }
  return key;
}

function makeKey({ kind, issuer, subject }: Caller): string {
  // The length shows where the issuer ends, whatever the two contain.
  const key = `${kind}:${issuer.length}:${issuer}${subject}`;
  return key.length <= maxChars ? key : `sha256:${hash("sha256", key)}`;
}
