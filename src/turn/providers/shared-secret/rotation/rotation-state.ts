import { z } from "zod";

const seconds = z.int().min(0);
const common = {
  version: z.literal(1),
  /** The database and the realm, which must not change on the way. */
  database: z.string(),
  realm: z.string(),
};
const overlap = {
  /** When it was begun, Unix time, as all that follow. */
  begunAtSeconds: seconds,
  oldFingerprint: z.string(),
  /** The longest life of a credential that the old secret has signed, as far as we saw. */
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
 * How far a rotation has come, as a file keeps it:
 *
 * - `adding`: the new secret exists here; it may be in the database, it may even sign already, if
 *   nobody came to note that.
 * - `overlapping`: the new secret signs, at the latest since `switchedAtSeconds`; the old one waits
 *   in the database for its credentials to expire.
 * - `finished`: the old one has left. Kept for who asks since when the secret signs.
 */
export type RotationState = z.infer<typeof stateSchema>;

/** One phase of it. */
export type RotationPhase<Phase extends RotationState["phase"]> = Extract<
  RotationState,
  { phase: Phase }
>;

/** The rotation cannot go on by itself. Never holds a secret. */
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

/** When the old secret may leave the database: no credential that it signed is alive any more. */
export function findRemovalTime({
  switchedAtSeconds,
  ttlSeconds,
  marginSeconds,
}: RotationPhase<"overlapping">): number {
  return switchedAtSeconds + ttlSeconds + marginSeconds;
}
