import { readFileSync, statSync } from "node:fs";
import { ConfigError } from "../errors.js";

/**
 * Reads a text file that the configuration names.
 *
 * @param key the configuration key to blame, such as `auth.connectorTokensFile`
 * @throws ConfigError when the file is missing, unreadable, longer than `maxBytes` or not UTF-8
 */
export function readBoundedFile(file: string, maxBytes: number, key: string): string {
  let bytes: Buffer;
  try {
    const { size } = statSync(file);
    if (size > maxBytes) {
      const problem = `${file} is larger than ${maxBytes} bytes`;
      throw new ConfigError([{ key, problem, fix: "Check that it is the right file" }]);
    }
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof ConfigError) {
      throw error;
    }
    const code = error instanceof Error && "code" in error ? error.code : "unknown error";
    throw new ConfigError([
      {
        key,
        problem: `${file} cannot be read (${code})`,
        fix: "Name a file that exists and that this process may read",
      },
    ]);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError([
      { key, problem: `${file} is not UTF-8 text`, fix: "Check that it is the right file" },
    ]);
  }
}
