import { ConfigError } from "../errors.js";
import { FileReadError, type Files } from "../files/files.js";

/**
 * Reads a file that the configuration names.
 *
 * @param key the configuration key to blame, such as `auth.connectorTokensFile`
 * @throws ConfigError when the file is missing, unreadable or longer than `maxBytes`
 */
export function readBoundedBytes(
  file: string,
  files: Files,
  maxBytes: number,
  key: string,
): Uint8Array {
  try {
    return files.read(file, maxBytes).bytes;
  } catch (error) {
    if (!(error instanceof FileReadError)) {
      throw error;
    }
    const isTooLarge = error.code === "ETOOLARGE";
    throw new ConfigError([
      {
        key,
        problem: isTooLarge
          ? `${file} is larger than ${maxBytes} bytes`
          : `${file} cannot be read (${error.code})`,
        fix: isTooLarge
          ? "Check that it is the right file"
          : "Name a file that exists and that this process may read",
      },
    ]);
  }
}

/**
 * The same for a text file.
 * @throws ConfigError also when it is not UTF-8
 */
export function readBoundedText(file: string, files: Files, maxBytes: number, key: string): string {
  const bytes = readBoundedBytes(file, files, maxBytes, key);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigError([
      { key, problem: `${file} is not UTF-8 text`, fix: "Check that it is the right file" },
    ]);
  }
}
