import { createHmac, type KeyObject } from "node:crypto";
import type { IceUrl } from "../../../ice/ice-url.js";
import type { Holder } from "../../holder.js";
import type { ProbeAccount, TurnGrant, TurnProvider } from "../../provider.js";
import { createNaming, type NameHolder, type NamingSettings } from "./holder-name.js";
import { type CredentialIssuer, createCredentialIssuer } from "./turn-credential.js";

/** A shared secret that the TURN servers accept. */
export interface AcceptedSecret {
  /** Where it comes from, as its author wrote it: a file, or a variable. */
  readonly name: string;
  readonly key: KeyObject;
}

export interface SharedSecretSettings extends Omit<NamingSettings, "pseudonymKey"> {
  /** At least one. */
  readonly urls: readonly IceUrl[];
  /** Every configured secret. The first one signs. */
  readonly secrets: readonly [AcceptedSecret, ...AcceptedSecret[]];
  /** What pseudonyms are made with; absent: the secret that signs, and they change with it. */
  readonly pseudonymKey?: KeyObject;
}

interface NamedGrant {
  readonly name: string;
  readonly grant: TurnGrant;
}

/**
 * TURN servers that accept credentials signed with a secret they share with us, as coturn does with
 * `use-auth-secret` (draft-uberti-behave-turn-rest-00).
 */
export class SharedSecretProvider implements TurnProvider {
  readonly urls: readonly IceUrl[];
  readonly version: string;
  readonly probeAccounts: readonly ProbeAccount[];
  readonly #issueCredential: CredentialIssuer;
  readonly #nameHolder: NameHolder;
  #last: NamedGrant | undefined;
  /** Holders whose credentials expire at different times ask in turn. */
  #secondLast: NamedGrant | undefined;

  constructor(settings: SharedSecretSettings) {
    const [signing] = settings.secrets;
    this.urls = settings.urls;
    this.version = nameVersion(settings);
    this.probeAccounts = settings.secrets.map((secret) => createProbeAccount(secret, settings));
    this.#issueCredential = createCredentialIssuer(signing.key);
    this.#nameHolder = createNaming({ pseudonymKey: signing.key, ...settings });
  }

  issue(holder: Holder, expiresAtSeconds: number): TurnGrant {
    const name = this.#nameHolder(holder);
    const last = this.#last;
    const secondLast = this.#secondLast;
    if (last?.name === name && last.grant.expiresAtSeconds === expiresAtSeconds) {
      return last.grant;
    }
    if (secondLast?.name === name && secondLast.grant.expiresAtSeconds === expiresAtSeconds) {
      return secondLast.grant;
    }
    const { username, credential } = this.#issueCredential(name, expiresAtSeconds);
    const grant: TurnGrant = {
      entries: [{ urls: this.urls, username, credential }],
      expiresAtSeconds,
    };
    this.#secondLast = last;
    this.#last = { name, grant };
    return grant;
  }
}

/** Keyed by the secrets that answers depend on. Reveals nothing about them. */
function nameVersion(settings: SharedSecretSettings): string {
  const { urls, identity, name, secrets, pseudonymKey } = settings;
  const texts = urls.map(({ text }) => text);
  const naming = {
    static: [name],
    subject: [],
    pseudonym: pseudonymKey === undefined ? [] : [nameKey(pseudonymKey)],
  }[identity];
  return createHmac("sha256", secrets[0].key)
    .update(JSON.stringify([texts, identity, ...naming]))
    .digest("base64url");
}

/** Tells keys apart, and reveals nothing about the key. */
function nameKey(key: KeyObject): string {
  return createHmac("sha256", key).update("ice-service key name").digest("base64url");
}

function createProbeAccount(
  { name: label, key }: AcceptedSecret,
  { identity, name: sharedName }: SharedSecretSettings,
): ProbeAccount {
  return {
    label,
    ...(identity === "static" && { sharedName }),
    canChooseExpiry: true,
    issue: createCredentialIssuer(key),
  };
}
