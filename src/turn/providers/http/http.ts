import { revealSecret } from "../../../config/file-kinds.js";
import { optionalKey, requiredKey } from "../../../config/key.js";
import { checked } from "../../../config/kind.js";
import { choice, text } from "../../../config/scalars.js";
import { section } from "../../../config/section.js";
import {
  type ManagedCredential,
  readManagedCredential,
  readRecord,
} from "../../managed/managed-credential.js";
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
 * Any URL that answers GET with ICE servers: another ice-service, or Metered, as its page "Get TURN
 * Credential" says (https://www.metered.ca/docs/turn-rest-api/get-credential, read on 2026-11-29).
 */
export const httpSection = checked(
  section({
    provider: requiredKey(choice("http"), {
      example: "http",
      help: "Any GET that returns {iceServers}, a bare array, or the TURN REST form: Metered, or another ice-service.",
    }),
    url: requiredKey(managedUrl, {
      example: "https://turn.example.com/api/v1/ice-servers",
      help: "What to get. Write no secret here: it has a file.",
    }),
    tokenFile: optionalKey(providerSecretFile, {
      example: "provider.token",
      help: "A file with the token, sent as a Bearer token.",
    }),
    tokenParameter: optionalKey(text(), {
      example: "apiKey",
      isAlternative: true,
      help: "Sends the token as this query parameter instead.",
    }),
    ttl: managedTtlKey("365d"),
    baseUrl: optionalKey(managedUrl, {
      example: "https://gateway.example.com",
      isAlternative: true,
      defaultText: "the host of `url`",
      help: "Sends the request here instead, to the path and query of `url`.",
    }),
    ...managedKeys,
  }),
  (values, place) => {
    const { baseUrl, tokenFile, tokenParameter, ttlSeconds } = values;
    if (tokenParameter !== undefined && tokenFile === undefined) {
      return place.at("tokenParameter").refuse("is set without a token", "Set tokenFile");
    }
    const token = tokenFile && revealSecret(tokenFile);
    const { href, pathname, search } = values.url;
    const url = baseUrl === undefined ? new URL(href) : appendPath(baseUrl, `${pathname}${search}`);
    const headers: Record<string, string> = { Accept: "application/json" };
    if (token !== undefined && tokenParameter !== undefined) {
      setParameter(url, tokenParameter, token);
    } else if (token !== undefined) {
      headers["Authorization"] = `Bearer ${token}`;
    }
    const createService = (name: string): ManagedService => ({
      ...describeService(name, values, url.href, headers["Authorization"] ?? ""),
      createRequest: () => ({ method: "GET", url, headers }),
      readResponse: (body) => readAnyForm(body, ttlSeconds),
    });
    return { ...values, createService };
  },
);

/** Sets a parameter of the query, and leaves the others exactly as the operator has written them. */
function setParameter(url: URL, name: string, value: string): void {
  const others = url.search
    .slice(1)
    .split("&")
    .filter((part) => part !== "" && !new URLSearchParams(part).has(name));
  url.search = [...others, new URLSearchParams([[name, value]]).toString()].join("&");
}

/**
 * Reads `{iceServers}`, a bare array, or the TURN REST form (draft-uberti-behave-turn-rest-00 section 2.2).
 * @param usualTtlSeconds for a response that does not say how long its credentials live
 */
function readAnyForm(body: unknown, usualTtlSeconds: number): ManagedCredential {
  if (Array.isArray(body)) {
    return readManagedCredential(body, usualTtlSeconds);
  }
  const { iceServers, ice_servers, uris, username, password, ...members } = readRecord(body);
  const { ttlSeconds, ttl_seconds, ttl } = members;
  const turnRest = uris && [{ urls: uris, username, credential: password }];
  const list = iceServers ?? ice_servers ?? turnRest;
  return readManagedCredential(list, ttlSeconds ?? ttl_seconds ?? ttl ?? usualTtlSeconds);
}
