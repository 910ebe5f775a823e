import { hash } from "node:crypto";
import { duration } from "../../config/duration.js";
import { revealSecret, secretFile } from "../../config/file-kinds.js";
import { key, optionalKey } from "../../config/key.js";
import { checked } from "../../config/kind.js";
import { wholeNumber } from "../../config/scalars.js";
import { outgoingUrl } from "../../outgoing/outgoing-url.js";
import type { ManagedService } from "./managed-service.js";

/** The URL of a managed service. */
export const managedUrl = outgoingUrl({
  example: "https://turn.example.com/credentials",
  risk: "the request carries a secret",
});

/** A file with a token or key that HTTP headers can carry. */
export const providerSecretFile = checked(secretFile, (secret, place) =>
  /^[\x21-\x7e]+$/.test(revealSecret(secret))
    ? secret
    : place.refuse(
        "contains a character that no token has",
        "Write the token alone into the file, as the provider shows it",
      ),
);

/** @param longest lifetime that the service allows, as the file would have it */
export const managedTtlKey = (longest: string) =>
  key(duration({ min: "1s", max: longest, fix: "Write 24h, for example" }), {
    default: "24h",
    help: "The lifetime of a credential. It is renewed when half of this has passed.",
  });

/** The keys of all managed providers. */
export const managedKeys = {
  timeout: key(duration({ min: "1s", max: "30s", fix: "Write 2s, for example" }), {
    default: "2s",
    help: "How long a request may take, and how long a caller waits for the first credential.",
  }),
  maxPerHour: optionalKey(wholeNumber(1, 100_000), {
    example: 20,
    defaultText: "no limit",
    help: "The most requests for credentials in an hour. Beyond it, the last credential is used while it lasts, then the next provider.",
  }),
};

interface ManagedValues {
  readonly ttlSeconds: number;
  readonly timeoutSeconds: number;
  readonly maxPerHour?: number;
}

/**
 * The values of {@link managedKeys}. They do not belong to the identity: the credential stays good when
 * they change.
 *
 * @param settings everything that its credentials depend on, secrets included
 */
export function describeService(
  name: string,
  { ttlSeconds, timeoutSeconds, maxPerHour }: ManagedValues,
  ...settings: readonly string[]
): Pick<ManagedService, "name" | "identity" | "timeoutMs" | "maxPerHour"> {
  const all = [name, ...settings, ttlSeconds];
  const identity = hash("sha256", JSON.stringify(all), "base64url");
  return { name, identity, timeoutMs: timeoutSeconds * 1000, maxPerHour };
}

/**
 * The URL of an API below a configured URL, which may end with a slash.
 *
 * @param path begins with a slash
 */
export function appendPath(base: URL, path: string): URL {
  return new URL(`${base.pathname.replace(/\/$/, "")}${path}`, base);
}
