import { spawnSync } from "node:child_process";
import { closeSync, constants, fstatSync, lstatSync, openSync, rmSync } from "node:fs";

/**
 * No link is followed: users who may write the directory could have root make a file anywhere. Nor does
 * a pipe that was put there make us wait for its reader.
 */
const openFlags =
  constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Ends what {@link lockFile} has begun. */
export type Unlock = () => void;

/**
 * Takes an exclusive lock (flock, by the program of that name, since Node has no call for it) on a
 * file that exists for this alone. The kernel takes it back when this process ends, however it
 * does: there is no stale lock to judge.
 *
 * @returns undefined when another process holds it
 * @throws Error of node:fs when the file cannot be made; of node:child_process without `flock`
 */
export function lockFile(file: string): Unlock | undefined {
  while (true) {
    const descriptor = openSync(file, openFlags, 0o600);
    // The child locks the open file that it shares with us; the lock lasts as long as ours is open.
    const { error, status } = spawnSync("flock", ["-n", "3"], {
      stdio: ["ignore", "ignore", "ignore", descriptor],
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
    if (status !== 0) {
      return undefined;
    }
    // Its owner has removed the file meanwhile: somebody else may lock the next one.
  }
}

function isStillThere(file: string, descriptor: number): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.ino === fstatSync(descriptor).ino;
}
