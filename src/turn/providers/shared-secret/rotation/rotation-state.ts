import { z } from "zod";

const seconds = z.int().min(0);
const common = {
  version: z.literal(1),
  /** The database and the realm, which must not change during a rotation. */
  database: z.string(),
  realm: z.string(),
};
const overlap = {
  /** When it began, in Unix time, like all times below. */
  begunAtSeconds: seconds,
  oldFingerprint: z.string(),
  /** The longest life seen of a credential that the old secret signed. */
  ttlSeconds: seconds,
  marginSeconds: seconds,
};

const stateSchema = z.discriminatedUnion("phase", [
  z.strictObject({
    ...common,
    ...overlap,
    phase: z.literal("adding"),
    newSecret: z.string().min(1),
  }),
  z.strictObject({
    ...common,
    ...overlap,
    phase: z.literal("overlapping"),
    newFingerprint: z.string(),
    switchedAtSeconds: seconds,
  }),
  z.strictObject({
    ...common,
    phase: z.literal("finished"),
    newFingerprint: z.string(),
    begunAtSeconds: seconds,
    switchedAtSeconds: seconds,
    finishedAtSeconds: seconds,
  }),
]);

/**
 * The progress of a rotation, as a file keeps it:
 *
 * - `adding`: the new secret exists here. It may be in the database, and may even sign already if an
 * earlier run ended before it noted that.
 * - `overlapping`: the new secret signs, at the latest since `switchedAtSeconds`. The old one stays in
 * the database until its credentials have expired.
 * - `finished`: the old one has been removed. Kept to answer since when the secret signs.
 */
export type RotationState = z.infer<typeof stateSchema>;

/** One phase of a rotation. */
export type RotationPhase<Phase extends RotationState["phase"]> = Extract<
  RotationState,
  { phase: Phase }
>;

/** The rotation cannot continue by itself. Never contains a secret. */
export class RotationError extends Error {
  override readonly name = "RotationError";

  constructor(
    readonly problem: string,
    readonly fix: string,
  ) {
    super(`${problem}. ${fix}`);
  }
}

/**
 * @param file its name, for the error
 * @throws RotationError when the text is no state; it may hold a secret, so nothing of it is repeated
 */
export function parseRotationState(text: string, file: string): RotationState {
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    throw new RotationError(
      `${file} is not a rotation state file`,
      "Remove it, which gives that rotation up and leaves every secret in the database",
    );
  }
}

export function printRotationState(state: RotationState): string {
  return `${JSON.stringify(state, undefined, 2)}\n`;
}

/**
 * When the old secret may be removed from the database: no credential that it signed is still valid.
 */
export function findRemovalTime({
  switchedAtSeconds,
  ttlSeconds,
  marginSeconds,
}: RotationPhase<"overlapping">): number {
  return switchedAtSeconds + ttlSeconds + marginSeconds;
}
