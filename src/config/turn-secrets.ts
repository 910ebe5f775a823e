import type { KeyObject } from "node:crypto";
import type { ProblemList } from "./problem-list.js";

const shortestWithoutWarningBytes = 16;

export interface TurnSecretContext {
  readonly problems: ProblemList;
  readonly warn: (text: string) => void;
  /** Every secret of `ice.turn`; the first signs. */
  readonly secrets: readonly KeyObject[];
  /** Reads the files that the key at this path names; what is wrong with one joins the problems. */
  readonly readSecrets: (path: readonly PropertyKey[], names: readonly string[]) => KeyObject[];
}

/**
 * The secret that signs, the first one. That there is none joins the problems.
 * @param path of the key that would name its file
 */
export function takeSigningSecret(
  [secret]: readonly KeyObject[],
  path: readonly PropertyKey[],
  { problems, warn }: Pick<TurnSecretContext, "problems" | "warn">,
): KeyObject | undefined {
  if (secret === undefined) {
    problems.add(
      path,
      "is missing, while TURN URLs are configured",
      "Write `openssl rand -hex 32` into a file and name it here, or set ICE_TURN_SECRET; it is the static-auth-secret of the TURN server",
    );
  } else if ((secret.symmetricKeySize ?? 0) < shortestWithoutWarningBytes) {
    warn("the TURN secret is shorter than 16 bytes: it can be guessed from one credential");
  }
  return secret;
}
