import { describe, expect, it } from "vitest";
import {
  findNextStep,
  type RotationWorld,
} from "../../../../../src/turn/providers/shared-secret/rotation/next-step.js";
import type { RotationState } from "../../../../../src/turn/providers/shared-secret/rotation/rotation-state.js";
import { fingerprintSecret } from "../../../../../src/turn/providers/shared-secret/turn-secret.js";

const oldSecret = fingerprintSecret("south");
const newSecret = fingerprintSecret("north");
const stranger = fingerprintSecret("east");
const nowSeconds = 1_800_000_000;

const common = {
  version: 1,
  database: "sqlite:/turndb",
  realm: "turn.test",
  begunAtSeconds: nowSeconds - 5000,
  oldFingerprint: oldSecret,
  ttlSeconds: 3600,
  marginSeconds: 600,
} as const;
const adding: RotationState = { ...common, phase: "adding", newSecret: "north" };
const overlapping = (switchedAtSeconds: number): RotationState => ({
  ...common,
  phase: "overlapping",
  newFingerprint: newSecret,
  switchedAtSeconds,
});
const step = (state: RotationState | undefined, signing: string, ...inDatabase: string[]) => {
  const world: RotationWorld = { state, signing, inDatabase: new Set(inDatabase), nowSeconds };
  return findNextStep(world);
};

describe("findNextStep", () => {
  it("begins when the database has the secret that signs", () => {
    expect(step(undefined, oldSecret, oldSecret, stranger)).toEqual({ kind: "begin" });
  });

  it.each([[[]], [[stranger]]])("begins nothing where the database has only %j", (inDatabase) => {
    expect(step(undefined, oldSecret, ...inDatabase)).toMatchObject({
      kind: "refuse",
      fix: expect.stringContaining("secret add"),
    });
  });

  it.each<[string, RotationState, string, string[], string]>([
    ["adds the new secret first", adding, oldSecret, [oldSecret], "add"],
    ["switches once the database has it", adding, oldSecret, [oldSecret, newSecret], "switch"],
    ["notes a switch that nobody noted", adding, newSecret, [oldSecret, newSecret], "note-switch"],
    ["adds it again before all else", adding, newSecret, [oldSecret], "add"],
    ["adds it again though the old one is gone", adding, oldSecret, [], "add"],
    ["leaves a secret file alone that others changed", adding, stranger, [oldSecret], "refuse"],
  ])("while adding, %s", (_, state, signing, inDatabase, kind) => {
    expect(step(state, signing, ...inDatabase).kind).toBe(kind);
  });

  const both = [oldSecret, newSecret];
  it.each<[string, RotationState, string, string[], string]>([
    ["waits for ttl and margin", overlapping(nowSeconds - 4199), newSecret, both, "wait"],
    ["removes the old one then", overlapping(nowSeconds - 4200), newSecret, both, "remove"],
    ["finishes once it is gone", overlapping(nowSeconds - 4200), newSecret, [newSecret], "finish"],
    ["puts back the one that signs", overlapping(nowSeconds - 4200), newSecret, [oldSecret], "add"],
    ["removes no secret that signs", overlapping(nowSeconds - 4200), oldSecret, both, "refuse"],
    ["removes none while another signs", overlapping(nowSeconds - 4200), stranger, both, "refuse"],
    ["does not trust a future switch", overlapping(nowSeconds + 1), newSecret, both, "note-switch"],
  ])("while overlapping, %s", (_, state, signing, inDatabase, kind) => {
    expect(step(state, signing, ...inDatabase).kind).toBe(kind);
  });

  it("counts from now when the clock was ahead at the switch", () => {
    expect(step(overlapping(nowSeconds + 1_000_000), newSecret, ...both)).toMatchObject({
      state: { phase: "overlapping", switchedAtSeconds: nowSeconds },
    });
  });

  it("never removes before the time, to the fraction of a second", () => {
    const world = { state: overlapping(nowSeconds), signing: newSecret, inDatabase: new Set(both) };
    const kindAt = (seconds: number) => findNextStep({ ...world, nowSeconds: seconds }).kind;
    expect(kindAt(nowSeconds + 4199.999)).toBe("wait");
    expect(kindAt(nowSeconds + 4200)).toBe("remove");
  });

  it("forgets the new secret as soon as it signs", () => {
    expect(JSON.stringify(step(adding, newSecret, ...both))).not.toContain('"north"');
  });
});
