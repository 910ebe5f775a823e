import { join } from "node:path";
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";

/** Go may have to download and compile the types first. */
export const buildTimeoutMs = 600_000;

export interface TypeDecoder {
  /**
   * Decodes a text strictly. Returns what the program prints, without white space around it; rejects
   * with its errors.
   */
  decode(text: string): Promise<string>;
  remove(): Promise<void>;
}

/**
 * Builds a Go program that decodes its standard input into the types of another project.
 * @param folder of this one, such as `chart-types`
 */
export async function buildTypeDecoder(folder: string): Promise<TypeDecoder> {
  const directory = await createTemporaryDirectory(folder);
  const program = join(directory.path, folder);
  await runProgram("nice", ["go", "build", "-o", program, "."], {
    cwd: join(import.meta.dirname, folder),
    timeout: buildTimeoutMs,
  });
  return {
    async decode(text) {
      const file = await directory.write("input", text);
      const { stdout } = await runProgram("bash", ["-c", `${program} <${file}`]);
      return stdout.trim();
    },
    remove: directory.remove,
  };
}
