import { decodeText } from "../config/bounded-file.js";
import { YamlTextError } from "../config/yaml-faults.js";
import { parseYamlText } from "../config/yaml-text.js";
import { throwIfAny } from "../errors.js";

/** The largest file of tokens or of denied tokens, in bytes: some 30,000 entries. */
export const maxYamlBytes = 4 * 1024 * 1024;
/** An entry has about 25. */
const maxParts = 1_000_000;

/**
 * Parses a YAML file that the configuration names. What is wrong is told by its kind and its place
 * alone: the text may hold a token.
 *
 * @param key the configuration key to blame, such as `auth.connectorTokensFile`
 * @throws ConfigError when it is no YAML, or goes beyond the bounds of depth and size
 */
export function parseYamlFile(bytes: Uint8Array, file: string, key: string): unknown {
  const text = decodeText(bytes, file, key);
  try {
    return parseYamlText(text, maxParts);
  } catch (error) {
    if (!(error instanceof YamlTextError)) {
      throw error;
    }
    const problems = error.faults.map(({ line, column, code, message }) => ({
      key,
      problem: `${file} is not valid YAML at line ${line}, column ${column} (${code}: ${message})`,
      fix: "Correct the line or the one before it",
    }));
    return throwIfAny(problems, error.omittedCount);
  }
}
