import { createHmac, type KeyObject } from "node:crypto";
import type { IceUrl } from "../../../ice/ice-url.js";
import type { Holder } from "../../holder.js";
import type { ProbeAccount, TurnGrant, TurnProvider } from "../../provider.js";
import { issueTurnCredential } from "./turn-credential.js";
import { createPseudonymizer, encodeSubject } from "./turn-name.js";

export type TurnIdentity = "static" | "subject" | "pseudonym";

/** A shared secret that the TURN servers accept. */
export interface AcceptedSecret {
  /** Where it comes from, as its author wrote it: a file, or a variable. */
  readonly name: string;
  readonly key: KeyObject;
}

export interface SharedSecretSettings {
  /** At least one. */
  readonly urls: readonly IceUrl[];
  /** Every configured secret. The first one signs. */
  readonly secrets: readonly [AcceptedSecret, ...AcceptedSecret[]];
  readonly identity: TurnIdentity;
  /** The name in usernames when `identity` is `static`. */
  readonly name: string;
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
  readonly #secret: KeyObject;
  readonly #nameHolder: (holder: Holder) => string;
  #last: NamedGrant | undefined;
  /** Holders whose credentials expire at different times ask in turn. */
  #secondLast: NamedGrant | undefined;

  constructor(settings: SharedSecretSettings) {
    const [signing] = settings.secrets;
    this.urls = settings.urls;
    this.version = nameVersion(settings);
    this.probeAccounts = settings.secrets.map((secret) => createProbeAccount(secret, settings));
    this.#secret = signing.key;
    this.#nameHolder = createNaming(settings);
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
    const { username, credential } = issueTurnCredential(this.#secret, name, expiresAtSeconds);
    const grant: TurnGrant = {
      entries: [{ urls: this.urls, username, credential }],
      expiresAtSeconds,
    };
    this.#secondLast = last;
    this.#last = { name, grant };
    return grant;
  }
}

/** Keyed by the secret, which changes all credentials and cannot be told from it. */
function nameVersion({ urls, secrets: [signing], identity, name }: SharedSecretSettings): string {
  const texts = urls.map(({ text }) => text);
  return createHmac("sha256", signing.key)
    .update(JSON.stringify([texts, identity, identity === "static" ? name : ""]))
    .digest("base64url");
}

function createProbeAccount(
  { name: label, key }: AcceptedSecret,
  { identity, name: sharedName }: SharedSecretSettings,
): ProbeAccount {
  return {
    label,
    ...(identity === "static" && { sharedName }),
    canChooseExpiry: true,
    issue: (name, expiresAtSeconds) => issueTurnCredential(key, name, expiresAtSeconds),
  };
}

function createNaming({
  identity,
  name,
  secrets: [signing],
}: SharedSecretSettings): (holder: Holder) => string {
  switch (identity) {
    case "static":
      return () => name;
    case "subject":
      return ({ subject }) => encodeSubject(subject);
    case "pseudonym":
      return createPseudonymizer(signing.key);
  }
}
