import { setTimeout as sleep } from "node:timers/promises";
import { printTime, systemClock } from "../clock.js";
import { parseDuration, printDuration } from "../config/duration.js";
import { usageError } from "../errors.js";
import { lockFile } from "../files/file-lock.js";
import { advanceRotation } from "../turn/providers/shared-secret/rotation/advance-rotation.js";
import type { RotationStep } from "../turn/providers/shared-secret/rotation/next-step.js";
import { RotationError } from "../turn/providers/shared-secret/rotation/rotation-state.js";
import { type ConfirmRemoval, createRemovalConsent } from "./removal-consent.js";
import {
  findRotationSetting,
  type RotationCommandOptions,
  type RotationSetting,
  tellFailure,
  warnOfOtherRegions,
} from "./rotation-setting.js";

/** A running service takes about a second to see that its secret file has changed. */
const shortestMarginSeconds = 5;
const longestMarginSeconds = 365 * 24 * 3600;

export interface RotateOptions extends RotationCommandOptions {
  readonly margin?: string;
  readonly wait?: boolean;
  readonly yes?: boolean;
}

/**
 * `secret rotate`: begins a rotation, or goes on with one; with `wait` to its end.
 * @returns the exit code, 0
 * @throws ConfigError when it cannot go on
 */
export async function rotateSecret(options: RotateOptions): Promise<number> {
  const confirmRemoval = createRemovalConsent(options);
  const marginSeconds = options.margin === undefined ? undefined : readMargin(options.margin);
  const setting = findRotationSetting(options);
  const { files } = setting;
  warnOfOtherRegions(setting, options.region);
  return tellFailure(files.secretFile, async () => {
    const unlock = lockFile(files.lockFile);
    if (unlock === undefined) {
      throw new RotationError(
        "another rotation of this secret is running",
        "Wait until it finishes; `ice-service secret status` shows its progress",
      );
    }
    try {
      await rotate(setting, confirmRemoval, marginSeconds, options.wait ?? false);
      return 0;
    } finally {
      unlock();
    }
  });
}

async function rotate(
  { files, database, realm, ttlSeconds, withStore }: RotationSetting,
  confirmRemoval: ConfirmRemoval,
  marginSeconds: number | undefined,
  wait: boolean,
): Promise<void> {
  while (true) {
    const outcome = await withStore((store) =>
      advanceRotation({
        ...{ files, store, database: database.name, realm, ttlSeconds, marginSeconds },
        clock: systemClock,
        confirmRemoval,
        report: (step) => print(describeStep(step)),
      }),
    );
    if (outcome.kind === "finished") {
      return;
    }
    if (outcome.kind === "kept") {
      print(`kept the old secret ${outcome.fingerprint}; run this command again to remove it`);
      return;
    }
    const { untilSeconds, unknown } = outcome;
    if (unknown.length > 0) {
      print(`kept, because they do not belong to this rotation: ${unknown.join(", ")}`);
    }
    const ttl = printDuration(outcome.ttlSeconds);
    const margin = printDuration(outcome.marginSeconds);
    print(
      `the old secret can be removed at ${printTime(untilSeconds)} (ttl ${ttl} + margin ${margin} after the switch)`,
    );
    if (!wait) {
      print("run this command again then to remove it");
      return;
    }
    await waitUntil(untilSeconds);
  }
}

/**
 * Waits for as long as it is until then, by a clock that nobody sets; who called looks at the time of
 * day again. So neither a clock that jumps ahead nor one that jumps back ends the wait early.
 */
async function waitUntil(untilSeconds: number): Promise<void> {
  const endMs = performance.now() + untilSeconds * 1000 - systemClock();
  const waitMs = endMs - performance.now();
  while (performance.now() < endMs) {
    const leftMs = endMs - performance.now();
    print(`waiting, ${printDuration(Math.ceil(leftMs / 1000))} left`);
    // Ten lines, or one a day.
    await sleep(Math.min(leftMs, Math.max(waitMs / 10, 1000), 86_400_000));
  }
}

function describeStep(step: RotationStep): string {
  switch (step.kind) {
    case "begin":
      return "made a new secret";
    case "add":
      return `added the new secret ${step.fingerprint} to the database`;
    case "switch":
      return `switched signing to ${step.fingerprint}`;
    case "note-switch":
      return `noted the switch, ${printTime(step.state.switchedAtSeconds)}`;
    case "remove":
      return `removed the old secret ${step.fingerprint} from the database`;
    case "finish":
      return "finished";
    case "wait":
    case "refuse":
      return step.kind;
  }
}

function readMargin(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined || seconds < shortestMarginSeconds || seconds > longestMarginSeconds) {
    throw usageError(
      "--margin",
      `${JSON.stringify(text)} is not a duration from ${shortestMarginSeconds}s to 365d`,
      "Write --margin 10m, or as long as the slowest instance takes to get the new secret",
    );
  }
  return seconds;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
