import { createHmac, createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { BaselineSettings } from "./settings.js";

export interface FreshCredential {
  readonly username: string;
  readonly credential: string;
  readonly expiresAtSeconds: number;
}

/** @param authorization the request's header; it counts where callers have names of their own */
export type CredentialSource = (authorization?: string) => FreshCredential;

/** Makes the TURN credential of a caller who asks now: one HMAC-SHA1 each. */
export function createCredentialSource(settings: BaselineSettings): CredentialSource {
  const { secret, ttlSeconds } = settings;
  const key = createSecretKey(secret, "utf8");
  const nameCaller = createNaming(settings);
  return (authorization) => {
    const expiresAtSeconds = Math.floor(Date.now() / 1000) + ttlSeconds;
    const username = `${expiresAtSeconds}:${nameCaller(authorization)}`;
    const credential = createHmac("sha1", key).update(username).digest("base64");
    return { username, credential, expiresAtSeconds };
  };
}

/** One name for all, or an HMAC-SHA256 of each caller. */
function createNaming({
  name,
  secret,
  callersFile,
}: BaselineSettings): (authorization?: string) => string {
  if (callersFile === "") {
    return () => name;
  }
  const callers = z
    .record(z.string(), z.string())
    .parse(JSON.parse(readFileSync(callersFile, "utf8")));
  const subjects = new Map(
    Object.entries(callers).map(([token, subject]) => [`Bearer ${token}`, subject]),
  );
  const key = createHmac("sha256", secret).update("ice-service pseudonym v1").digest();
  return (authorization = "") =>
    createHmac("sha256", key)
      .update(JSON.stringify(["connector", "", subjects.get(authorization)]))
      .digest("hex")
      .slice(0, 32);
}
