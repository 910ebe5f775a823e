import { createInterface } from "node:readline/promises";
import { usageError } from "../errors.js";

/** Whether to remove the old secret, which is named by its fingerprint. */
export type ConfirmRemoval = (fingerprint: string) => Promise<boolean>;

const fix = "Add --yes when nothing else uses the old secret any more";

/**
 * Makes the function that asks before an old secret is removed: other programs may have it, and nobody
 * but the operator knows them. The question is on standard error, the answer on standard input.
 *
 * @param yes whether the operator has agreed already
 * @param wait whether the operator may be gone by then
 * @returns a function that throws ConfigError when nobody can be asked
 * @throws ConfigError when the removal is to be waited for, and nobody could be asked
 */
export function createRemovalConsent({
  yes = false,
  wait = false,
}: {
  readonly yes?: boolean;
  readonly wait?: boolean;
}): ConfirmRemoval {
  if (yes) {
    return async () => true;
  }
  if (!(process.stdin.isTTY && process.stderr.isTTY)) {
    if (wait) {
      throw usageError("--wait", "would need to ask before it removes the old secret", fix);
    }
    return async (fingerprint) => {
      throw usageError(
        "--yes",
        `is necessary without a terminal: the old secret ${fingerprint} is not removed`,
        fix,
      );
    };
  }
  return askToRemove;
}

async function askToRemove(fingerprint: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(
      `Programs that still have the old secret ${fingerprint}, such as Nextcloud Talk, LiveKit, or Synapse,
make credentials that are rejected from now on. Remove it from the database? [y/N] `,
    );
    return /^y(?:es)?$/i.test(answer.trim());
  } catch (error) {
    // Ctrl-C or Ctrl-D.
    if (error instanceof Error && error.name === "AbortError") {
      process.stderr.write("\n");
      return false;
    }
    throw error;
  } finally {
    terminal.close();
  }
}
