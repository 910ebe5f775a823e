import { hash, randomBytes } from "node:crypto";

/** A new shared secret: 256 random bits as 64 hex digits, which every TURN server's file can hold. */
export function createTurnSecret(): string {
  return randomBytes(32).toString("hex");
}

/**
 * Names a secret without telling it: the first 48 bits of its SHA-256, in hex, which is also what
 * `printf %s SECRET | sha256sum` begins with. Nobody gets from there to a secret of 256 random bits;
 * a guess at a weak one can be checked, as it can with any credential.
 */
export function fingerprintSecret(secret: string): string {
  return hash("sha256", secret).slice(0, 12);
}
