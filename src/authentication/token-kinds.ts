import { connectorKeys } from "./connector/connector-config.js";
import { createConnectorKind } from "./connector/connector-kind.js";
import type { ConnectorTokenEntry } from "./connector/connector-token.js";
import { introspectionKeys } from "./introspection/introspection-config.js";
import { introspectionKind } from "./introspection/introspection-kind.js";
import { jwtKeys } from "./jwt/jwt-config.js";
import { jwtKind } from "./jwt/jwt-kind.js";

/** The keys of every kind of token, in `auth`. */
export const tokenKeys = { ...jwtKeys, ...connectorKeys, ...introspectionKeys };

/**
 * Every kind of token that the service knows. A token belongs to the first one that takes it.
 * @param connectorTokens accepted beside those of the configured file
 */
export function listTokenKinds(connectorTokens: readonly ConnectorTokenEntry[] = []) {
  return [createConnectorKind(connectorTokens), jwtKind, introspectionKind] as const;
}
