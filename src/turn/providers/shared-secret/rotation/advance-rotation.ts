import type { Clock } from "../../../../clock.js";
import type { TurnSecretStore } from "../database/turn-secret-store.js";
import { createTurnSecret, fingerprintSecret } from "../turn-secret.js";
import { findNextStep, type RotationStep } from "./next-step.js";
import type { RotationFiles } from "./rotation-files.js";
import { findRemovalTime, RotationError, type RotationState } from "./rotation-state.js";

export interface RotationOptions {
  readonly files: RotationFiles;
  readonly store: TurnSecretStore;
  /** Name of the database and realm of the store. */
  readonly database: string;
  readonly realm: string;
  readonly clock: Clock;
  /** The longest life of a credential that the service hands out. */
  readonly ttlSeconds: number;
  /** By default as when the rotation began; a new one takes {@link defaultMarginSeconds}. */
  readonly marginSeconds?: number | undefined;
  /** Asked before the old secret is removed, by its fingerprint. What it throws ends the rotation for now. */
  readonly confirmRemoval: (fingerprint: string) => Promise<boolean>;
  /** Called after each step. */
  readonly report: (step: RotationStep) => void;
}

export type RotationOutcome =
  | { readonly kind: "finished" }
  /** The old secret can be removed, and is not to be. */
  | { readonly kind: "kept"; readonly fingerprint: string }
  | {
      readonly kind: "waiting";
      readonly untilSeconds: number;
      readonly ttlSeconds: number;
      readonly marginSeconds: number;
      /** Fingerprints of the other secrets in the database. They stay: others may sign with them. */
      readonly unknown: readonly string[];
    };

/** For instances that take time to get the new secret, and for clocks that differ. */
const defaultMarginSeconds = 600;

/**
 * Begins a rotation, or continues the one in the state, as far as is possible now.
 * Only one at a time may do this.
 *
 * @throws RotationError when a person must decide; TurnDatabaseError; what {@link RotationFiles} throws
 */
export async function advanceRotation(options: RotationOptions): Promise<RotationOutcome> {
  const { files, store, clock, confirmRemoval, report } = options;
  while (true) {
    const state = readState(options);
    const secret = files.readSecret();
    const inDatabase = new Set((await store.list()).map(fingerprintSecret));
    const nowSeconds = clock() / 1000;
    const signing = fingerprintSecret(secret);
    const step = findNextStep({ state, signing, inDatabase, nowSeconds });
    switch (step.kind) {
      case "refuse":
        throw new RotationError(step.problem, step.fix);
      case "begin":
        // Before anything is changed anywhere.
        files.checkWritable();
        files.writeState(begin(options, signing, nowSeconds));
        break;
      case "add":
        await addSecret(store, state?.phase === "adding" ? state.newSecret : secret);
        break;
      case "switch":
        files.replaceSecret(step.newSecret);
        break;
      case "note-switch":
        files.writeState(step.state);
        break;
      case "wait":
        return {
          kind: "waiting",
          untilSeconds: findRemovalTime(step.state),
          ttlSeconds: step.state.ttlSeconds,
          marginSeconds: step.state.marginSeconds,
          unknown: [...inDatabase].filter(
            (fingerprint) => fingerprint !== signing && fingerprint !== step.state.oldFingerprint,
          ),
        };
      case "remove":
        if (!(await confirmRemoval(step.fingerprint))) {
          return { kind: "kept", fingerprint: step.fingerprint };
        }
        await removeSecret(store, step.fingerprint);
        break;
      case "finish":
        files.writeState(step.state);
        report(step);
        return { kind: "finished" };
    }
    report(step);
  }
}

/** The state, with the life and the margin that are in force now. */
function readState({
  files,
  database,
  realm,
  ttlSeconds,
  marginSeconds,
}: RotationOptions): RotationState | undefined {
  const state = files.readState();
  if (state === undefined || state.phase === "finished") {
    return state;
  }
  if (state.database !== database || state.realm !== realm) {
    throw new RotationError(
      `the rotation in progress is for ${state.database}, realm ${state.realm}`,
      "Use that database and realm to finish it",
    );
  }
  return {
    ...state,
    ttlSeconds: Math.max(state.ttlSeconds, ttlSeconds),
    marginSeconds: marginSeconds ?? state.marginSeconds,
  };
}

function begin(
  { database, realm, ttlSeconds, marginSeconds = defaultMarginSeconds }: RotationOptions,
  signing: string,
  nowSeconds: number,
): RotationState {
  return {
    version: 1,
    phase: "adding",
    database,
    realm,
    begunAtSeconds: Math.ceil(nowSeconds),
    oldFingerprint: signing,
    ttlSeconds,
    marginSeconds,
    newSecret: createTurnSecret(),
  };
}

/** So that a database that says yes and does nothing ends the rotation before the switch. */
async function addSecret(store: TurnSecretStore, secret: string): Promise<void> {
  await store.add(secret);
  if (!(await store.list()).includes(secret)) {
    throw new RotationError(
      "the database took the secret, but does not list it",
      "Use the primary database, not a replica",
    );
  }
}

async function removeSecret(store: TurnSecretStore, fingerprint: string): Promise<void> {
  const isMeant = (secret: string) => fingerprintSecret(secret) === fingerprint;
  for (const secret of (await store.list()).filter(isMeant)) {
    await store.remove(secret);
  }
  if ((await store.list()).some(isMeant)) {
    throw new RotationError(
      "the database removed the old secret, but still lists it",
      "Use the primary database, not a replica",
    );
  }
}
