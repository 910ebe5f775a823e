/** On whose behalf servers are asked for, and who uses them: the caller, or a user that it names. */
export interface Holder {
  /** What the caller has proven itself with, such as `jwt`. */
  readonly kind: string;
  /** Who vouches for the subject; empty where the service's own files do. */
  readonly issuer: string;
  readonly subject: string;
  /** The caller's name for one of its users, not empty; absent where it asks for itself. */
  readonly user?: string;
}

/**
 * Names on whose behalf servers are asked for: their names at TURN servers, how many watches they
 * may have, and what `limits.user` allows them depend on this.
 */
export function findHolderKey({ kind, issuer, subject, user }: Holder): string {
  return JSON.stringify(
    user === undefined ? [kind, issuer, subject] : [kind, issuer, subject, user],
  );
}

/**
 * Places a holder in rankings of servers. The same for a holder on every machine and in every version:
 * its servers depend on it.
 */
export function hashHolder({ issuer, subject, user }: Holder): number {
  const caller = hashText(subject, hashText("\n", hashText(issuer)));
  return mixBits(user === undefined ? caller : hashText(user, hashText("\n", caller)));
}

/** FNV-1a over UTF-16 code units (https://datatracker.ietf.org/doc/html/draft-eastlake-fnv). */
export function hashText(text: string, basis = 0x811c9dc5): number {
  let hash = basis;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The finalizer of MurmurHash3: each bit of the input changes half of the output's. */
export function mixBits(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
