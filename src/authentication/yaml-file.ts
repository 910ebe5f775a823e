import { decodeText } from "../config/bounded-file.js";
import { tooLarge, YamlTextError } from "../config/yaml-faults.js";
import { parseYamlList } from "../config/yaml-list.js";
import { throwIfAny } from "../errors.js";

/** An entry that is not written in the common way has about 25. */
const maxParts = 1_000_000;

export interface YamlFileNames {
  /** The configuration key to blame, such as `auth.connectorTokensFile`. */
  readonly key: string;
  /** The key of the list that makes up most of the file. */
  readonly list: string;
}

/**
 * Parses a YAML file that the configuration names. What is wrong is told by its kind and its place
 * alone: the text may hold a token.
 *
 * @throws ConfigError when it is no YAML, or goes beyond the bounds of depth and size
 */
export function parseYamlFile(
  bytes: Uint8Array,
  file: string,
  { key, list }: YamlFileNames,
): unknown {
  const text = decodeText(bytes, file, key);
  try {
    return parseYamlList(text, list, maxParts);
  } catch (error) {
    if (!(error instanceof YamlTextError)) {
      throw error;
    }
    const problems = error.faults.map(({ line, column, code, message }) => ({
      key,
      problem: `${file} is not valid YAML at line ${line}, column ${column} (${code}: ${message})`,
      fix:
        code === tooLarge
          ? "Write one key with its text to a line, or JSON, which can be longer; or remove entries"
          : "Correct the line or the one before it",
    }));
    return throwIfAny(problems, error.omittedCount);
  }
}
