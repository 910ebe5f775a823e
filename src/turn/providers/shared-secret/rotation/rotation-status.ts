import { fingerprintSecret } from "../turn-secret.js";
import { findRemovalTime, type RotationState } from "./rotation-state.js";

export interface RotationStatusInput {
  readonly state: RotationState | undefined;
  readonly database: string;
  readonly realm: string;
  /** Fingerprint of what the secret file holds. */
  readonly signing: string;
  readonly inDatabase: ReadonlySet<string>;
}

export interface RotationStatus {
  readonly rotation: "none" | RotationState["phase"];
  /** What the service signs with, and since when at the latest, where a rotation has noted that. */
  readonly signing: { readonly fingerprint: string; readonly sinceSeconds?: number };
  readonly secrets: readonly SecretStatus[];
  /** What is wrong. Empty when all is well. */
  readonly problems: readonly string[];
}

/** One secret of the database; unknown is what neither signs nor belongs to the rotation. */
export interface SecretStatus {
  readonly fingerprint: string;
  readonly role: "signs" | "is to sign" | "old" | "unknown";
  /** When the rotation began that brought it. */
  readonly sinceSeconds?: number;
  /** Of an old one whose successor signs. */
  readonly mayLeaveAtSeconds?: number;
}

/** Finds the step that a rotation has reached. */
export function describeRotation(input: RotationStatusInput): RotationStatus {
  const { state, signing, inDatabase } = input;
  const next = state && findNewFingerprint(state);
  return {
    rotation: state?.phase ?? "none",
    signing: {
      fingerprint: signing,
      ...(state !== undefined &&
        state.phase !== "adding" &&
        signing === next && { sinceSeconds: state.switchedAtSeconds }),
    },
    secrets: [...inDatabase].sort().map((fingerprint) => ({
      fingerprint,
      role: findRole(fingerprint, input, next),
      ...(state !== undefined && fingerprint === next && { sinceSeconds: state.begunAtSeconds }),
      ...(state?.phase === "overlapping" &&
        fingerprint === state.oldFingerprint && { mayLeaveAtSeconds: findRemovalTime(state) }),
    })),
    problems: findProblems(input, next),
  };
}

function findNewFingerprint(state: RotationState): string {
  return state.phase === "adding" ? fingerprintSecret(state.newSecret) : state.newFingerprint;
}

function findRole(
  fingerprint: string,
  { state, signing }: RotationStatusInput,
  next: string | undefined,
): SecretStatus["role"] {
  if (fingerprint === signing) {
    return "signs";
  }
  if (state === undefined || state.phase === "finished") {
    return "unknown";
  }
  if (fingerprint === next) {
    return "is to sign";
  }
  return fingerprint === state.oldFingerprint ? "old" : "unknown";
}

function findProblems(
  { state, database, realm, signing, inDatabase }: RotationStatusInput,
  next: string | undefined,
): string[] {
  const problems: string[] = [];
  if (!inDatabase.has(signing)) {
    problems.push(
      `the secret that signs (${signing}) is not in the database: the TURN server refuses its credentials`,
    );
  }
  if (state === undefined || state.phase === "finished") {
    return problems;
  }
  if (state.database !== database || state.realm !== realm) {
    problems.push(`the rotation in progress is for ${state.database}, realm ${state.realm}`);
  }
  if (signing !== next && !(state.phase === "adding" && signing === state.oldFingerprint)) {
    problems.push("the secret file was changed by something else during the rotation");
  }
  return problems;
}
