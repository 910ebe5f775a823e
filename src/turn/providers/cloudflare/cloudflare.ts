import { revealSecret } from "../../../config/file-kinds.js";
import { key, requiredKey } from "../../../config/key.js";
import { checked } from "../../../config/kind.js";
import { choice, text } from "../../../config/scalars.js";
import { section } from "../../../config/section.js";
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
 * Cloudflare Realtime TURN, as its page "Generate Credentials" says (last updated on 2026-09-25,
 * https://developers.cloudflare.com/realtime/turn/generate-credentials/): a POST with the key's API token
 * returns 201 and `{iceServers}`. The page "FAQ" limits `ttl` to 48 hours. The response does not repeat it.
 */
export const cloudflareSection = checked(
  section({
    provider: requiredKey(choice("cloudflare"), {
      example: "cloudflare",
      help: "Cloudflare Realtime TURN.",
    }),
    keyId: requiredKey(text(), { example: "0123456789abcdef", help: "The ID of the TURN key." }),
    apiTokenFile: requiredKey(providerSecretFile, {
      example: "cloudflare.token",
      help: "A file with the API token of the TURN key.",
    }),
    ttl: managedTtlKey("48h"),
    baseUrl: key(managedUrl, {
      default: "https://rtc.live.cloudflare.com",
      help: "Where the API is.",
    }),
    ...managedKeys,
  }),
  (values) => {
    const { keyId, apiTokenFile, baseUrl, ttlSeconds } = values;
    const token = revealSecret(apiTokenFile);
    const path = `/v1/turn/keys/${encodeURIComponent(keyId)}/credentials/generate-ice-servers`;
    const url = appendPath(baseUrl, path);
    const createService = (name: string): ManagedService => ({
      ...describeService(name, values, url.href, token),
      createRequest: () => ({
        method: "POST",
        url,
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
        body: JSON.stringify({ ttl: ttlSeconds }),
      }),
      readResponse: (body) => readManagedCredential(readRecord(body)["iceServers"], ttlSeconds),
    });
    return { ...values, createService };
  },
);
