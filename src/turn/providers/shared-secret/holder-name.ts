import { createHmac, hash, type KeyObject } from "node:crypto";
import { findHolderKey, type Holder } from "../../holder.js";
import { encodeTurnName } from "./turn-name.js";

export type TurnIdentity = "static" | "subject" | "pseudonym";

export interface NamingSettings {
  readonly identity: TurnIdentity;
  /** The name of everybody when `identity` is `static`. */
  readonly name: string;
  /** What pseudonyms are made with. */
  readonly pseudonymKey: KeyObject;
}

/** Names holders in usernames: servers that limit what a user may do use this name. */
export type NameHolder = (holder: Holder) => string;

/**
 * Makes the function that names holders. The name of a holder is remembered for as long as its object
 * lives, which must not change: a hash or an encoding is a tenth of what a call costs.
 */
export function createNaming({ identity, name, pseudonymKey }: NamingSettings): NameHolder {
  switch (identity) {
    case "static":
      return () => name;
    case "subject":
      return remember(nameBySubject);
    case "pseudonym":
      return remember(createPseudonymizer(pseudonymKey));
  }
}

/**
 * `<tag>.<subject>`, and `<tag>.<subject>/<user>` for a user that the subject names. The tag stands for
 * the source of the subject: the first 8 hex digits of SHA-256 over the JSON `[kind,issuer]`. Equal
 * subjects of two issuers have different names.
 */
export function nameBySubject({ kind, issuer, subject, user }: Holder): string {
  const tag = hash("sha256", JSON.stringify([kind, issuer])).slice(0, 8);
  return encodeTurnName(tag, user === undefined ? [subject] : [subject, user]);
}

/**
 * Makes the function that names holders by a keyed hash: the same for a holder as long as the key is,
 * so that limits by name work, and meaningless to anyone without the key.
 *
 * @param key what the key of the hash is derived from
 */
export function createPseudonymizer(key: KeyObject): NameHolder {
  const derived = createHmac("sha256", key).update("ice-service pseudonym v1").digest();
  return (holder) =>
    createHmac("sha256", derived).update(findHolderKey(holder)).digest("hex").slice(0, 32);
}

function remember(nameHolder: NameHolder): NameHolder {
  const names = new WeakMap<Holder, string>();
  return (holder) => {
    let name = names.get(holder);
    if (name === undefined) {
      // In one piece: each call compares names, and V8 is slow with slices and joined texts.
      name = Buffer.from(nameHolder(holder)).toString();
      names.set(holder, name);
    }
    return name;
  };
}
