import { createHmac, createSecretKey } from "node:crypto";
import type { BaselineSettings } from "./settings.js";

export interface FreshCredential {
  readonly username: string;
  readonly credential: string;
  readonly expiresAtSeconds: number;
}

/** Makes the TURN credential of a caller who asks now: one HMAC-SHA1 each. */
export function createCredentialSource({
  secret,
  name,
  ttlSeconds,
}: BaselineSettings): () => FreshCredential {
  const key = createSecretKey(secret, "utf8");
  return () => {
    const expiresAtSeconds = Math.floor(Date.now() / 1000) + ttlSeconds;
    const username = `${expiresAtSeconds}:${name}`;
    const credential = createHmac("sha1", key).update(username).digest("base64");
    return { username, credential, expiresAtSeconds };
  };
}
