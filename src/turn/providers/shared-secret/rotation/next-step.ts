import { fingerprintSecret } from "../turn-secret.js";
import { findRemovalTime, type RotationPhase, type RotationState } from "./rotation-state.js";

/** All that decides what comes next. Secrets are identified by their fingerprints. */
export interface RotationWorld {
  readonly state: RotationState | undefined;
  /** What the secret file holds, and so what signs. */
  readonly signing: string;
  readonly inDatabase: ReadonlySet<string>;
  /** Unix time, with its fraction. */
  readonly nowSeconds: number;
}

export type RotationStep =
  /** Make the new secret, and note it. */
  | { readonly kind: "begin" }
  /** Put the secret with this fingerprint, which signs or is to sign, into the database. */
  | { readonly kind: "add"; readonly fingerprint: string }
  /** Put the new secret, the one with this fingerprint, into the secret file. */
  | { readonly kind: "switch"; readonly fingerprint: string; readonly newSecret: string }
  /** Note that the new secret signs, from now on at the latest. */
  | { readonly kind: "note-switch"; readonly state: RotationPhase<"overlapping"> }
  | { readonly kind: "wait"; readonly state: RotationPhase<"overlapping"> }
  /** Take the secret with this fingerprint out of the database. */
  | { readonly kind: "remove"; readonly fingerprint: string }
  | { readonly kind: "finish"; readonly state: RotationPhase<"finished"> }
  | { readonly kind: "refuse"; readonly problem: string; readonly fix: string };

/**
 * Decides the next step of a rotation from what there is to see, so that it does not matter where
 * the last run ended. Each step may be done twice. Two things hold after every step: the database
 * has the secret that signs; and the old one stays for as long as it signs, and until what it
 * signed has expired.
 */
export function findNextStep(world: RotationWorld): RotationStep {
  const { state, signing, inDatabase } = world;
  switch (state?.phase) {
    case undefined:
    case "finished":
      return inDatabase.has(signing) ? { kind: "begin" } : refuseUnknownSecret(signing);
    case "adding":
      return leaveAdding(state, world);
    case "overlapping":
      return leaveOverlapping(state, world);
  }
}

function leaveAdding(
  { newSecret, phase, ...state }: RotationPhase<"adding">,
  { signing, inDatabase, nowSeconds }: RotationWorld,
): RotationStep {
  const fingerprint = fingerprintSecret(newSecret);
  if (signing !== state.oldFingerprint && signing !== fingerprint) {
    return refuseOtherSecret(signing, `${state.oldFingerprint} or ${fingerprint}`);
  }
  if (!inDatabase.has(fingerprint)) {
    return { kind: "add", fingerprint };
  }
  if (signing !== fingerprint) {
    return { kind: "switch", fingerprint, newSecret };
  }
  const switched = { newFingerprint: fingerprint, switchedAtSeconds: Math.ceil(nowSeconds) };
  return { kind: "note-switch", state: { ...state, phase: "overlapping", ...switched } };
}

function leaveOverlapping(
  state: RotationPhase<"overlapping">,
  { signing, inDatabase, nowSeconds }: RotationWorld,
): RotationStep {
  const { newFingerprint, oldFingerprint, switchedAtSeconds } = state;
  if (signing !== newFingerprint) {
    return refuseOtherSecret(signing, newFingerprint);
  }
  if (!inDatabase.has(newFingerprint)) {
    return { kind: "add", fingerprint: newFingerprint };
  }
  if (!inDatabase.has(oldFingerprint)) {
    const { version, database, realm, begunAtSeconds } = state;
    const kept = { version, database, realm, begunAtSeconds, newFingerprint, switchedAtSeconds };
    return {
      kind: "finish",
      state: { ...kept, phase: "finished", finishedAtSeconds: Math.ceil(nowSeconds) },
    };
  }
  if (switchedAtSeconds > Math.ceil(nowSeconds)) {
    // The clock was ahead, or is behind now. What is certain: the switch has been by now.
    return { kind: "note-switch", state: { ...state, switchedAtSeconds: Math.ceil(nowSeconds) } };
  }
  return nowSeconds < findRemovalTime(state)
    ? { kind: "wait", state }
    : { kind: "remove", fingerprint: oldFingerprint };
}

function refuseUnknownSecret(signing: string): RotationStep {
  return {
    kind: "refuse",
    problem: `the database does not have the secret that signs (${signing}) for this realm`,
    fix: "Check --turn-db and --realm. If the TURN server has it as static-auth-secret, add it to the database with: ice-service secret add",
  };
}

function refuseOtherSecret(signing: string, expected: string): RotationStep {
  return {
    kind: "refuse",
    problem: `the secret file was changed by something else during the rotation: ${signing} signs, but ${expected} was expected`,
    fix: "Restore the expected secret; or remove the rotation's state file to abandon the rotation, which leaves every secret in the database",
  };
}
