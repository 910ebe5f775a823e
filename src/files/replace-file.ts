import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

export interface FileAccess {
  /** Permission bits. */
  readonly mode: number;
  /** The owner, where it is not to be this process. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Puts new content in the place of a file, or makes it: at every moment, a crash or a power cut
 * included, its name stands for all of the old content or all of the new. The new file is written
 * beside it as `<file>.tmp`, so the directory must be writable. Not for two writers at once.
 *
 * @throws Error of node:fs, with a `code`; the file is then as it was
 */
export function replaceFile(file: string, content: string, access: FileAccess): void {
  const temporary = writeTemporaryFile(file, content, access);
  try {
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(file));
}

/**
 * Finds out whether {@link replaceFile} could do its work.
 * @throws Error of node:fs, with a `code`, when it could not
 */
export function checkReplaceable(file: string, access: FileAccess): void {
  rmSync(writeTemporaryFile(file, "", access));
}

function writeTemporaryFile(file: string, content: string, { mode, owner }: FileAccess): string {
  const temporary = `${file}.tmp`;
  // What a crash has left behind; "wx" then follows no link that somebody put there.
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, "wx", 0o600);
  try {
    writeFileSync(descriptor, content);
    if (owner !== undefined) {
      fchownSync(descriptor, owner.uid, owner.gid);
    }
    fchmodSync(descriptor, mode & 0o7777);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  return temporary;
}

/** Without it, a power cut could bring the old name back. */
function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
