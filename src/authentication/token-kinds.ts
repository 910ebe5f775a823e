import { createConnectorKind } from "./connector/connector-kind.js";
import type { ConnectorTokenEntry } from "./connector/connector-token.js";
import { jwtKind } from "./jwt/jwt-kind.js";
import type { TokenKind } from "./token-kind.js";

/**
 * Every kind of token that the service knows. A token belongs to the first one that takes it.
 * @param connectorTokens accepted beside those of the configured file
 */
export function listTokenKinds(
  connectorTokens: readonly ConnectorTokenEntry[] = [],
): readonly TokenKind[] {
  return [createConnectorKind(connectorTokens), jwtKind];
}
