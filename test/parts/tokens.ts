import { createHash } from "node:crypto";

/**
 * A connector tokens file for the given tokens by name.
 * @param withUsers the names of those that may name users
 */
export function connectorTokens(
  tokens: Readonly<Record<string, string>>,
  withUsers: readonly string[] = [],
): string {
  return JSON.stringify({
    tokens: Object.entries(tokens).map(([name, token]) => ({
      name,
      hash: `sha256:${createHash("sha256").update(token).digest("hex")}`,
      ...(withUsers.includes(name) && { mayNameUsers: true }),
    })),
  });
}
