import { type Secret, secretFile, secretFiles, secretText } from "../../../config/file-kinds.js";
import { key, optionalKey } from "../../../config/key.js";
import { printKeyPath } from "../../../config/key-path.js";
import { checked } from "../../../config/kind.js";
import type { Place } from "../../../config/place.js";
import { choice, text } from "../../../config/scalars.js";
import type { IceUrl } from "../../../ice/ice-url.js";
import type { TurnIdentity } from "./holder-name.js";
import { SharedSecretProvider } from "./provider.js";
import { findTurnNameProblem } from "./turn-name.js";

const shortestWithoutWarningBytes = 16;

const turnName = checked(text(), (name, place) => {
  const problem = findTurnNameProblem(name);
  if (problem !== undefined) {
    return place.refuse(problem, "Use letters, digits and hyphens");
  }
  if (name.includes(":")) {
    place.warn(`${printKeyPath(place.path)} contains a colon: pion cuts names there`);
  }
  return name;
});

/** The keys of `ice.turn`. */
export const sharedSecretKeys = {
  secretFiles: optionalKey(secretFiles, {
    example: ["turn.secret"],
    variable: "ICE_TURN_SECRET_FILE",
    help: "Files with the secrets that the TURN servers accept (static-auth-secret). The first signs; the TURN servers still accept the others. One final line break is not part of the secret. Made by `ice-service secret new`, changed by `ice-service secret rotate`.",
  }),
  secret: optionalKey(secretText, {
    variable: "ICE_TURN_SECRET",
    isVariableOnly: true,
    replaces: "secretFiles",
    help: "The secret itself, instead of secretFiles.",
  }),
  identity: key(choice("static", "subject", "pseudonym"), {
    default: "static",
    variable: "ICE_TURN_IDENTITY",
    help: "The part of the username after the colon: static (name), subject (a tag for the issuer, a dot, and the subject), or pseudonym (a keyed hash). See docs/rate-limits.md.",
  }),
  pseudonymKeyFile: optionalKey(secretFile, {
    example: "pseudonym.key",
    defaultText: "the secret that signs",
    help: "The key of pseudonyms, as a secret file: they stay the same when the TURN secret changes. Made by `ice-service secret new`.",
  }),
  name: key(turnName, {
    default: "webrtc-gateway",
    variable: "ICE_TURN_NAME",
    help: "The name in usernames with `identity: static`.",
  }),
};

/** The keys of a region, which override those of `ice.turn`. */
export const regionSecretKeys = {
  secretFiles: optionalKey(secretFiles, {
    example: ["eu.secret"],
    defaultText: "those of ice.turn",
    help: "The secrets of the region's servers.",
  }),
  name: optionalKey(turnName, {
    example: "webrtc-gateway-eu",
    defaultText: "that of ice.turn",
    help: "The name in usernames of the region with `identity: static`.",
  }),
};

/** What commands that change the secret need to know. */
export interface SharedSecretConfig {
  /** The first one signs. */
  readonly secrets: readonly [Secret, ...Secret[]];
}

export interface SharedSecretValues {
  readonly urls: readonly IceUrl[];
  readonly secretFiles: readonly Secret[];
  readonly identity: TurnIdentity;
  readonly pseudonymKeyFile?: Secret;
  readonly name: string;
}

/**
 * Makes the provider of the URLs.
 * @param place of the section that has secretFiles
 * @returns undefined without a secret, which is a problem
 */
export function configureSharedSecret(
  {
    secretFiles: [signing, ...others],
    pseudonymKeyFile: pseudonymKey,
    urls,
    identity,
    name,
  }: SharedSecretValues,
  place: Place,
): { readonly turn: SharedSecretProvider; readonly sharedSecret: SharedSecretConfig } | undefined {
  if (signing === undefined) {
    return place
      .at("secretFiles")
      .refuse(
        "is missing, while TURN URLs are configured",
        "Make one with `ice-service secret new --file turn.secret` and name the file here, or set ICE_TURN_SECRET; it is the static-auth-secret of the TURN server",
      );
  }
  if (isShort(signing)) {
    place.warn("the TURN secret is shorter than 16 bytes: it can be guessed from one credential");
  }
  const sharedSecret: SharedSecretConfig = { secrets: [signing, ...others] };
  const turn = new SharedSecretProvider({
    ...{ urls, identity, name },
    ...sharedSecret,
    ...(pseudonymKey && { pseudonymKey: pseudonymKey.key }),
  });
  return { turn, sharedSecret };
}

/**
 * Refuses pseudonyms without a key, and warns of a key that is useless, or can be guessed.
 * @param hasDefault whether there is a secret that is the key otherwise
 */
export function checkPseudonymKey(
  { identity, pseudonymKeyFile }: Pick<SharedSecretValues, "identity" | "pseudonymKeyFile">,
  hasDefault: boolean,
  place: Place,
): void {
  if (identity === "pseudonym" && pseudonymKeyFile === undefined && !hasDefault) {
    place
      .at("pseudonymKeyFile")
      .refuse(
        "is missing, while ice.turn.identity is pseudonym and there is no TURN secret to use instead",
        "Make one with `ice-service secret new --file pseudonym.key` and name the file here, or remove ice.turn.identity",
      );
  }
  if (pseudonymKeyFile !== undefined && identity !== "pseudonym") {
    place.warn("ice.turn.pseudonymKeyFile is not used, because ice.turn.identity is not pseudonym");
  }
  if (pseudonymKeyFile !== undefined && isShort(pseudonymKeyFile)) {
    place.warn("the pseudonym key is shorter than 16 bytes: it can be guessed from one pseudonym");
  }
}

function isShort({ key }: Secret): boolean {
  return (key.symmetricKeySize ?? 0) < shortestWithoutWarningBytes;
}
