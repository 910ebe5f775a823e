import { hash } from "node:crypto";
import type { Caller } from "./caller.js";

/** Longer keys are replaced by their digest, so that a table of them has a bounded size. */
const maxChars = 128;

/**
 * A remembered token has the same caller object each time. A new text would be hashed and compared again
 * in each table.
 */
const keys = new WeakMap<Caller, string>();

/**
 * Identifies the caller by kind of token, issuer, and subject. Limits count a caller under this key.
 * `findHolderKey` also includes the user on whose behalf it calls.
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
  // The length marks where the issuer ends, so that no two callers share a key.
  const key = `${kind}:${issuer.length}:${issuer}${subject}`;
  return key.length <= maxChars ? key : `sha256:${hash("sha256", key)}`;
}
