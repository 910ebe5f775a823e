import type { Clock } from "../clock.js";
import type { Files } from "../files/files.js";
import type { AuthConfig } from "./auth-config.js";
import { readConnectorTokensFile } from "./connector/connector-tokens-file.js";

/**
 * Finds out whether a configuration that is in order accepts no caller at all.
 *
 * @param files where the connector tokens were read from
 * @throws ConfigError when they cannot be read
 */
export function findCallerWarnings(
  { connectorTokensFile: file, jwt, introspection }: AuthConfig,
  files: Files,
  clock: Clock,
): string[] {
  if (file === undefined || jwt.length > 0 || introspection !== undefined) {
    return [];
  }
  const table = readConnectorTokensFile(file, files);
  if (table.hasTokenAfter(clock() / 1000)) {
    return [];
  }
  const problem = table.size === 0 ? "has no token" : "has expired tokens only";
  return [
    `nobody can be served: ${file} ${problem}, and no other authentication is configured; \`ice-service token new\` makes a token`,
  ];
}
