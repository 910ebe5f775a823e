import { realpathSync, statSync } from "node:fs";
import { readSecretFile } from "../../../../config/secret-file.js";
import { DiskFiles } from "../../../../files/disk-files.js";
import { FileReadError } from "../../../../files/files.js";
import { checkReplaceable, type FileAccess, replaceFile } from "../../../../files/replace-file.js";
import { parseRotationState, printRotationState, type RotationState } from "./rotation-state.js";

const maxStateBytes = 16 * 1024;

/**
 * What a rotation keeps on disk: the secret file, and the state in `<file>.rotation.json` beside it.
 * Where the name is a link, all is beside the file that it leads to. Both are replaced as a whole, so
 * that no crash leaves a half.
 * All functions throw errors of node:fs, SecretError, FileReadError and RotationError.
 */
export class RotationFiles {
  readonly secretFile: string;
  readonly stateFile: string;
  /** For a lock; it is never read. */
  readonly lockFile: string;

  constructor(secretFile: string) {
    this.secretFile = realpathSync(secretFile);
    this.stateFile = `${this.secretFile}.rotation.json`;
    this.lockFile = `${this.secretFile}.lock`;
  }

  /** The secret that signs. */
  readSecret(): string {
    const key = readSecretFile(this.secretFile, new DiskFiles(), false, () => {});
    return key.export().toString("utf8");
  }

  /** From the return of this on, running services sign with it, as soon as they look. */
  replaceSecret(secret: string): void {
    replaceFile(this.secretFile, `${secret}\n`, this.#secretAccess());
  }

  readState(): RotationState | undefined {
    let bytes: Uint8Array;
    try {
      bytes = new DiskFiles().read(this.stateFile, maxStateBytes).bytes;
    } catch (error) {
      if (error instanceof FileReadError && error.code === "ENOENT") {
        return undefined;
      }
      throw error;
    }
    return parseRotationState(new TextDecoder().decode(bytes), this.stateFile);
  }

  writeState(state: RotationState): void {
    const access = { ...this.#secretAccess(), mode: 0o600 };
    replaceFile(this.stateFile, printRotationState(state), access);
  }

  /** Throws where the other functions would. */
  checkWritable(): void {
    checkReplaceable(this.secretFile, this.#secretAccess());
  }

  #secretAccess(): FileAccess {
    const { mode, uid, gid } = statSync(this.secretFile);
    return { mode, owner: { uid, gid } };
  }
}
