import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TemporaryDirectory {
  readonly path: string;
  /** Writes a file that only its owner can read, unless `mode` says otherwise, and returns its path. */
  write(name: string, content: string | Uint8Array, mode?: number): Promise<string>;
  remove(): Promise<void>;
}

export async function createTemporaryDirectory(name: string): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), `ice-${name}-`));
  return {
    path,
    async write(fileName, content, mode = 0o600) {
      const file = join(path, fileName);
      await writeFile(file, content, { mode });
      return file;
    },
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }),
  };
}
