import type { Secret } from "../../../config/file-kinds.js";
import { key, optionalKey, requiredKey } from "../../../config/key.js";
import { checked } from "../../../config/kind.js";
import type { Place } from "../../../config/place.js";
import { choice, text } from "../../../config/scalars.js";
import { section } from "../../../config/section.js";
import { readManagedCredential, readRecord } from "../../managed/managed-credential.js";
import {
  describeService,
  managedKeys,
  managedTtlKey,
  managedUrl,
  providerSecretFile,
  revealSecret,
} from "../../managed/managed-keys.js";
import type { ManagedService } from "../../managed/managed-service.js";

/**
 * Twilio's Network Traversal Service, as its page "REST API: Network Traversal Service Tokens" says
 * (https://www.twilio.com/docs/stun-turn/api, read on 2026-11-29): a POST of the form field `Ttl`, at most
 * 86400, with Basic authentication returns 201 and `{ice_servers, ttl}`, `ttl` as text.
 */
export const twilioSection = checked(
  section({
    provider: requiredKey(choice("twilio"), {
      example: "twilio",
      help: "Twilio Network Traversal Service.",
    }),
    accountSid: requiredKey(text(), {
      example: "AC00000000000000000000000000000000",
      help: "The SID of the account.",
    }),
    authTokenFile: optionalKey(providerSecretFile, {
      example: "twilio.token",
      help: "A file with the account's auth token, or apiKeySid and apiKeySecretFile.",
    }),
    apiKeySid: optionalKey(text(), {
      example: "SK00000000000000000000000000000000",
      isAlternative: true,
      help: "The SID of an API key, which can be revoked by itself.",
    }),
    apiKeySecretFile: optionalKey(providerSecretFile, {
      example: "twilio.secret",
      isAlternative: true,
      help: "A file with the secret of the API key.",
    }),
    ttl: managedTtlKey("24h"),
    baseUrl: key(managedUrl, { default: "https://api.twilio.com", help: "Where the API is." }),
    ...managedKeys,
  }),
  (values, place) => {
    const login = findLogin(values, place);
    if (login === undefined) {
      return undefined;
    }
    const { accountSid, baseUrl, ttlSeconds } = values;
    const path = `/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Tokens.json`;
    const url = new URL(`${baseUrl.pathname.replace(/\/$/, "")}${path}`, baseUrl);
    const createService = (name: string): ManagedService => ({
      ...describeService(name, values, url.href, login),
      createRequest: () => ({
        method: "POST",
        url,
        headers: {
          Authorization: `Basic ${Buffer.from(login).toString("base64")}`,
          "Content-Type": "application/x-www-form-urlencoded",
        },
        body: new URLSearchParams({ Ttl: String(ttlSeconds) }).toString(),
      }),
      readResponse(body) {
        const { ice_servers: list, ttl = ttlSeconds } = readRecord(body);
        return readManagedCredential(list, ttl);
      },
    });
    return { ...values, createService };
  },
);

interface LoginValues {
  readonly accountSid: string;
  readonly authTokenFile?: Secret;
  readonly apiKeySid?: string;
  readonly apiKeySecretFile?: Secret;
}

/** User and password of Basic authentication. */
function findLogin(
  { accountSid, authTokenFile, apiKeySid, apiKeySecretFile }: LoginValues,
  place: Place,
): string | undefined {
  if (authTokenFile !== undefined) {
    return apiKeySid === undefined && apiKeySecretFile === undefined
      ? `${accountSid}:${revealSecret(authTokenFile)}`
      : place.at("authTokenFile").refuse("is set beside an API key", "Set one of the two");
  }
  if (apiKeySid === undefined || apiKeySecretFile === undefined) {
    const fix = "Set apiKeySid and apiKeySecretFile, or authTokenFile";
    return place.refuse("has no complete login", fix);
  }
  return `${apiKeySid}:${revealSecret(apiKeySecretFile)}`;
}
