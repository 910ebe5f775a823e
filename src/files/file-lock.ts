import { spawnSync } from "node:child_process";
import { closeSync, constants, fstatSync, lstatSync, openSync, rmSync } from "node:fs";

/**
 * No link is followed: users who may write the directory could have root make a file anywhere. Nor does
 * a pipe that was put there make us wait for its reader.
 */
const openFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** `flock` has failed, and not because another process holds the lock. */
export class FlockError extends Error {
  override readonly name = "FlockError";
}

/** Of `flock -n`, when another process holds the lock. */
const conflictExitCode = 1;
/** What `flock` says is one line. */
const maxProblemChars = 200;

/** Ends what {@link lockFile} has begun. */
export type Unlock = () => void;

/**
 * Takes an exclusive lock (flock, by the program of that name, since Node has no call for it) on a
 * file that exists for this alone. The kernel takes it back when this process ends, however it
 * does: there is no stale lock to judge.
 *
 * @returns undefined when another process holds it
 * @throws Error of node:fs when the file cannot be made; of node:child_process without `flock`;
 *   FlockError when that fails, such as on a file system without locks
 */
export function lockFile(file: string): Unlock | undefined {
  while (true) {
    const descriptor = openSync(file, openFlags, 0o600);
    // The child locks the open file that it shares with us; the lock lasts as long as ours is open.
    const { error, signal, status, stderr } = spawnSync("flock", ["-n", "3"], {
      stdio: ["ignore", "ignore", "pipe", descriptor],
      encoding: "utf8",
    });
    if (status === 0 && isStillThere(file, descriptor)) {
      return () => {
        rmSync(file, { force: true });
        closeSync(descriptor);
      };
    }
    closeSync(descriptor);
    if (error !== undefined) {
      throw error;
    }
    if (status === conflictExitCode) {
      return undefined;
    }
    if (status !== 0) {
      const end = `it ended with ${signal ?? `exit code ${status}`}`;
      throw new FlockError(stderr.trim().slice(0, maxProblemChars) || end);
    }
    // Its owner has removed the file meanwhile: somebody else may lock the next one.
  }
}

function isStillThere(file: string, descriptor: number): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino;
}
