import type { KeyObject } from "node:crypto";
import type { TurnCredential } from "../../provider.js";
import { createHmacSha1 } from "./hmac-sha1.js";

/**
 * Issues a credential for a name.
 *
 * @param name not empty; see findTurnNameProblem for what servers refuse
 * @param expiresAtSeconds Unix time in whole seconds
 */
export type CredentialIssuer = (name: string, expiresAtSeconds: number) => TurnCredential;

/**
 * Makes what issues credentials of the TURN REST kind (draft-uberti-behave-turn-rest-00 section 2.2):
 * the username is `<expiry>:<name>`, the password base64(HMAC-SHA1(secret, username)).
 */
export function createCredentialIssuer(secret: KeyObject): CredentialIssuer {
  const sign = createHmacSha1(secret);
  return (name, expiresAtSeconds) => {
    const username = `${expiresAtSeconds}:${name}`;
    return { username, credential: sign(username) };
  };
}
