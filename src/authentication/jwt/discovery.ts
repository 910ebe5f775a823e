import { z } from "zod";
import { printValue } from "../../config/value-text.js";
import { isProtected } from "../../outgoing/outgoing-url.js";
import { KeySetError } from "./key-set.js";

/** Only these: what else the issuer says, such as its algorithms, must not widen what was configured. */
const configurationSchema = z.object({ issuer: z.string(), jwks_uri: z.string() });

/**
 * Where an issuer's OpenID configuration is (OpenID Connect Discovery 1.0 section 4.1).
 * @returns undefined where the issuer cannot have one, as it is no URL, or has a query or a fragment
 */
export function nameConfigurationUrl(issuer: string): string | undefined {
  if (!URL.canParse(issuer) || /[?#]/.test(issuer)) {
    return undefined;
  }
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/**
 * Reads an OpenID configuration (section 4.2, and section 4.3 on its `issuer`).
 *
 * @param issuer that it must be of, character by character
 * @returns the URL of the key set: `https:`, or on loopback, or `http:` where that is allowed
 * @throws KeySetError when it is none, or of another issuer, or its key set must not be fetched
 */
export function findKeySetUrl(
  text: string,
  issuer: string,
  { allowInsecureUrl }: { readonly allowInsecureUrl: boolean },
): URL {
  const { issuer: found, jwks_uri: written } = parseConfiguration(text);
  if (found !== issuer) {
    throw new KeySetError(
      `the OpenID configuration is of the issuer ${printValue(found, 200)}, not of ${printValue(issuer, 200)}`,
    );
  }
  if (!URL.canParse(written)) {
    throw new KeySetError("jwks_uri is not a URL");
  }
  const url = new URL(written);
  const isAllowed = isProtected(url) || (allowInsecureUrl && url.protocol === "http:");
  if (!isAllowed || url.username !== "" || url.password !== "") {
    throw new KeySetError(
      `jwks_uri is at ${url.protocol}//${url.host}, where no key set is fetched from`,
    );
  }
  return url;
}

function parseConfiguration(text: string): z.output<typeof configurationSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new KeySetError("the OpenID configuration is not JSON");
  }
  const { data } = configurationSchema.safeParse(json);
  if (data === undefined) {
    throw new KeySetError("the OpenID configuration has no issuer or no jwks_uri");
  }
  return data;
}
