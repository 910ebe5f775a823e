import { revealSecret, type Secret } from "../../../config/file-kinds.js";
import { key, optionalKey, requiredKey } from "../../../config/key.js";
import { checked } from "../../../config/kind.js";
import type { Place } from "../../../config/place.js";
import { choice, text } from "../../../config/scalars.js";
import { section } from "../../../config/section.js";
import { printBasicAuthorization } from "../../../outgoing/basic-authorization.js";
import { readManagedCredential, readRecord } from "../../managed/managed-credential.js";
import {
  appendPath,
  describeService,
  managedKeys,
  managedTtlKey,
  managedUrl,
  providerSecretFile,
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
    const authorization = authorize(values, place);
    if (authorization === undefined) {
      return undefined;
    }
    const { accountSid, baseUrl, ttlSeconds } = values;
    const path = `/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Tokens.json`;
    const url = appendPath(baseUrl, path);
    const createService = (name: string): ManagedService => ({
      ...describeService(name, values, url.href, authorization),
      createRequest: () => ({
        method: "POST",
        url,
        headers: {
          Authorization: authorization,
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

/** The header that proves who asks. */
function authorize(
  { accountSid, authTokenFile, apiKeySid, apiKeySecretFile }: LoginValues,
  place: Place,
): string | undefined {
  if (authTokenFile !== undefined) {
    return apiKeySid === undefined && apiKeySecretFile === undefined
      ? printBasicAuthorization(accountSid, revealSecret(authTokenFile))
      : place.at("authTokenFile").refuse("is set beside an API key", "Set one of the two");
  }
  if (apiKeySid === undefined || apiKeySecretFile === undefined) {
    const fix = "Set apiKeySid and apiKeySecretFile, or authTokenFile";
    return place.refuse("has no complete login", fix);
  }
  return printBasicAuthorization(apiKeySid, revealSecret(apiKeySecretFile));
}
