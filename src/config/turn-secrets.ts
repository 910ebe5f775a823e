import type { AcceptedSecret } from "../ice/ice-server-list.js";
import type { TurnConfig } from "./config.js";
import type { ProblemList } from "./problem-list.js";

const shortestWithoutWarningBytes = 16;

/** The secrets of one fleet. */
export interface TurnSecrets {
  /** The first signs. */
  readonly accepted: readonly AcceptedSecret[];
  /** The files among them, absolute. */
  readonly files: readonly string[];
}

export interface TurnSecretContext {
  readonly problems: ProblemList;
  readonly warn: (text: string) => void;
  /** Those of `ice.turn`. */
  readonly secrets: TurnSecrets;
  /** Reads the files that the key at this path names; what is wrong with one joins the problems. */
  readonly readSecrets: (path: readonly PropertyKey[], names: readonly string[]) => TurnSecrets;
}

/** What a fleet's settings say of its secrets. */
export type SecretSettings = Pick<TurnConfig, "secret" | "acceptedSecrets" | "secretFiles">;

/**
 * Makes them; that there is no secret joins the problems.
 * @param path of the key that would name the file of the secret that signs
 */
export function takeSecrets(
  { accepted, files }: TurnSecrets,
  path: readonly PropertyKey[],
  { problems, warn }: Pick<TurnSecretContext, "problems" | "warn">,
): SecretSettings | undefined {
  const secret = accepted[0]?.key;
  if (secret === undefined) {
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
  if ((secret.symmetricKeySize ?? 0) < shortestWithoutWarningBytes) {
    warn("the TURN secret is shorter than 16 bytes: it can be guessed from one credential");
  }
  return { secret, acceptedSecrets: accepted, secretFiles: files };
}
