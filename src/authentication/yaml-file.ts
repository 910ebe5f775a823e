import { LineCounter, parseDocument } from "yaml";
import { readBoundedText } from "../config/bounded-file.js";
import { ConfigError, throwIfAny } from "../errors.js";
import type { Files } from "../files/files.js";

const maxBytes = 1024 * 1024;

/**
 * Reads a YAML file that the configuration names. The library's own messages quote the text, which
 * may hold a token, so only the kind and the place of an error are told.
 *
 * @param key the configuration key to blame, such as `auth.connectorTokensFile`
 * @throws ConfigError when the file cannot be read, is longer than 1 MiB, or is no YAML
 */
export function readYamlFile(file: string, files: Files, key: string): unknown {
  const text = readBoundedText(file, files, maxBytes, key);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: "error" });
  throwIfAny(
    document.errors.map(({ code, pos }) => {
      const { line, col } = lineCounter.linePos(pos[0]);
      return {
        key,
        problem: `${file} is not valid YAML at line ${line}, column ${col} (${code})`,
        fix: "Correct the line or the one before it",
      };
    }),
  );
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    const problem = `${file} uses YAML aliases that cannot be resolved`;
    throw new ConfigError([{ key, problem, fix: "Write the values out" }]);
  }
}
