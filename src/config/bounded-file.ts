import { ConfigError } from "../errors.js";
import type { Files } from "../files/files.js";
import { describeReadFailure } from "../files/read-failure.js";
import { decodeUtf8, EncodingError } from "./text-encoding.js";

/**
 * Reads a file that the configuration names.
 *
 * @param key the configuration key to blame, such as `auth.connectorTokensFile`
 * @throws ConfigError when the file is missing, unreadable or longer than `maxBytes`
 */
export function readBoundedBytes(
  file: string,
  files: Pick<Files, "read">,
  maxBytes: number,
  key: string,
): Uint8Array {
  return blameKey(file, key, () => files.read(file, maxBytes).bytes);
}

/**
 * The same for a text file.
 * @throws ConfigError also when it is not UTF-8
 */
export function readBoundedText(
  file: string,
  files: Pick<Files, "read">,
  maxBytes: number,
  key: string,
): string {
  return decodeText(readBoundedBytes(file, files, maxBytes, key), file, key);
}

/** @throws ConfigError when the content of the file is not UTF-8 */
export function decodeText(bytes: Uint8Array, file: string, key: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    if (!(error instanceof EncodingError)) {
      throw error;
    }
    const { problem, fix } = error.flaw;
    throw new ConfigError([{ key, problem: `${file} ${problem}`, fix }]);
  }
}

/**
 * Runs what reads a file.
 * @throws ConfigError that blames the key, instead of a FileReadError
 */
export function blameKey<T>(file: string, key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) {
      throw error;
    }
    const { problem, fix, transientCode } = describeReadFailure(error);
    throw new ConfigError([{ key, problem: `${file} ${problem}`, fix, transientCode }]);
  }
}
