import type { KeyObject } from "node:crypto";
import type { AcceptedSecret } from "../turn/providers/shared-secret/provider.js";
import type { SharedSecretConfig } from "./config.js";
import type { TurnFileSection } from "./file-schema.js";
import { addSecretProblem, readSecretText } from "./secret-file.js";
import type { SectionContext } from "./section-context.js";

const shortestWithoutWarningBytes = 16;

/** The secrets of one fleet. */
export interface TurnSecrets {
  /** The first signs. */
  readonly accepted: readonly AcceptedSecret[];
  /** The files among them, absolute. */
  readonly files: readonly string[];
}

/** What pseudonyms are made with. */
export interface PseudonymKey {
  /** Absolute. */
  readonly file: string;
  readonly key: KeyObject;
}

export interface TurnSecretContext extends SectionContext {
  /** Those of `ice.turn`. */
  readonly secrets: TurnSecrets;
  /** Undefined: the secret that signs. */
  readonly pseudonymKey: PseudonymKey | undefined;
}

/**
 * Reads those of `ice.turn`: from ICE_TURN_SECRET, or from the files of the configuration. What is
 * wrong with them joins the problems.
 */
export function readTurnSecrets(
  names: readonly string[] = [],
  context: SectionContext,
): TurnSecrets {
  const { problems, isFromVariable } = context;
  const variable = context.env["ICE_TURN_SECRET"];
  const path = ["ice", "turn", "secretFiles"];
  if (variable === undefined || variable === "") {
    return readSecretFiles(path, names, context);
  }
  if (isFromVariable(path)) {
    problems.add(path, "is set beside ICE_TURN_SECRET", "Set one of the two");
  }
  try {
    return { accepted: [{ name: "ICE_TURN_SECRET", key: readSecretText(variable) }], files: [] };
  } catch (error) {
    addSecretProblem(error, ["ICE_TURN_SECRET"], problems);
    return { accepted: [], files: [] };
  }
}

/** Reads `ice.turn.pseudonymKeyFile`. What is wrong with it joins the problems. */
export function readPseudonymKey(
  { pseudonymKeyFile, identity }: TurnFileSection,
  { resolveFile, readSecret, warn }: SectionContext,
): PseudonymKey | undefined {
  if (pseudonymKeyFile === undefined) {
    return undefined;
  }
  const path = ["ice", "turn", "pseudonymKeyFile"];
  const file = resolveFile(path, pseudonymKeyFile);
  const key = readSecret(path, file);
  if (identity !== "pseudonym") {
    warn("ice.turn.pseudonymKeyFile is not used, because ice.turn.identity is not pseudonym");
  }
  if (key !== undefined && isShort(key)) {
    warn("the pseudonym key is shorter than 16 bytes: it can be guessed from one pseudonym");
  }
  return key && { file, key };
}

/**
 * Reads the files that the key at this path names: all of them, so that a broken one shows before it
 * is needed. What is wrong with one joins the problems.
 */
export function readSecretFiles(
  path: readonly PropertyKey[],
  names: readonly string[],
  { resolveFile, readSecret }: SectionContext,
): TurnSecrets {
  const files = names.map((name) => resolveFile(path, name));
  const accepted = names.flatMap((name, index) => {
    const key = readSecret([...path, index], resolveFile(path, name));
    return key === undefined ? [] : [{ name, key }];
  });
  return { accepted, files };
}

/**
 * Takes the secrets of a fleet; that there is none joins the problems.
 * @param path of the key that would name the file of the secret that signs
 */
export function takeSecrets(
  { accepted, files }: TurnSecrets,
  path: readonly PropertyKey[],
  { problems, warn }: SectionContext,
): SharedSecretConfig | undefined {
  const [signing, ...others] = accepted;
  if (signing === undefined) {
    // Of files that cannot be used, the cause is told already.
    if (files.length === 0) {
      problems.add(
        path,
        "is missing, while TURN URLs are configured",
        "Make one with `ice-service secret new --file turn.secret` and name the file here, or set ICE_TURN_SECRET; it is the static-auth-secret of the TURN server",
      );
    }
    return undefined;
  }
  if (isShort(signing.key)) {
    warn("the TURN secret is shorter than 16 bytes: it can be guessed from one credential");
  }
  return { secrets: [signing, ...others], files };
}

function isShort({ symmetricKeySize = 0 }: KeyObject): boolean {
  return symmetricKeySize < shortestWithoutWarningBytes;
}
