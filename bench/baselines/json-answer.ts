import { createCredentialSource } from "./fresh-credential.js";
import type { BaselineSettings } from "./settings.js";

/** The answer as it goes into a JSON body, with a credential of its own. */
export function createAnswerSource(settings: BaselineSettings) {
  const issueCredential = createCredentialSource(settings);
  const { stunUrls, turnUrls, ttlSeconds } = settings;
  return (authorization?: string) => {
    const { username, credential, expiresAtSeconds } = issueCredential(authorization);
    return {
      iceServers: [{ urls: stunUrls }, { urls: turnUrls, username, credential }],
      expireTime: new Date(expiresAtSeconds * 1000).toISOString().replace(".000Z", "Z"),
      ttlSeconds,
    };
  };
}
