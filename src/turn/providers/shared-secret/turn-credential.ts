import { createHmac, type KeyObject } from "node:crypto";
import type { TurnCredential } from "../../provider.js";

/**
 * Makes a credential of the TURN REST kind (draft-uberti-behave-turn-rest-00 section 2.2): the
 * username is `<expiry>:<name>`, the password base64(HMAC-SHA1(secret, username)).
 *
 * @param name not empty; see findTurnNameProblem for what servers refuse
 * @param expiresAtSeconds Unix time in whole seconds
 */
export function issueTurnCredential(
  secret: KeyObject,
  name: string,
  expiresAtSeconds: number,
): TurnCredential {
  const username = `${expiresAtSeconds}:${name}`;
  return { username, credential: createHmac("sha1", secret).update(username).digest("base64") };
}
