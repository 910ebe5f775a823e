import { ConfigError, throwIfAny } from "../errors.js";
import { plainDataParser } from "../files/plain-data-parser.js";
import { decodeUtf8, EncodingError } from "./text-encoding.js";
import { isRecord } from "./value-text.js";
import { YamlTextError } from "./yaml-faults.js";
import { parseYamlText } from "./yaml-text.js";

/** About 20,000 values: few enough to be checked without a delay that calls would notice. */
const maxParts = 100_000;

/** Parses the configuration file into its keys, known or not. */
export const configFileParser = plainDataParser<Record<string, unknown>>({
  name: "configuration",
  maxBytes: 1024 * 1024,
  parse(bytes, file) {
    const content = parse(decodeContent(bytes, file), file) ?? {};
    if (!isRecord(content)) {
      const fix = "Write keys such as `listen:` and `auth:`; config-sample.yaml lists all of them";
      throw new ConfigError([{ key: file, problem: "is not a mapping of keys", fix }]);
    }
    return content;
  },
  isValue: isRecord,
});

function decodeContent(bytes: Uint8Array, file: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    if (!(error instanceof EncodingError)) {
      throw error;
    }
    throw new ConfigError([{ key: file, ...error.flaw }]);
  }
}

function parse(text: string, file: string): unknown {
  try {
    return parseYamlText(text, maxParts);
  } catch (error) {
    if (!(error instanceof YamlTextError)) {
      throw error;
    }
    const problems = error.faults.map(({ line, column, message }) => ({
      key: `${file}:${line}:${column}`,
      problem: message,
      fix: "Correct the YAML there",
    }));
    return throwIfAny(problems, error.omittedCount);
  }
}
