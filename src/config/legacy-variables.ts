import { readList } from "./collections.js";
import type { LegacyVariable } from "./kind.js";

const jwt = (key: string) => ["auth", "jwt", 0, key];

export const authVariables: readonly LegacyVariable[] = [
  { name: "ICE_JWT_ISSUER", path: jwt("issuer") },
  { name: "ICE_JWT_AUDIENCE", path: jwt("audience"), read: readList },
  { name: "ICE_JWT_ALGORITHMS", path: jwt("algorithms"), read: readList },
  { name: "ICE_JWT_JWKS_URL", path: jwt("jwksUrl") },
  { name: "ICE_JWT_JWKS_FILE", path: jwt("jwksFile") },
  { name: "ICE_JWT_PUBLIC_KEY_FILE", path: jwt("publicKeyFile") },
  { name: "ICE_JWT_SECRET_FILE", path: jwt("secretFile") },
  { name: "ICE_CONNECTOR_TOKENS_FILE", path: ["auth", "connectorTokensFile"] },
  { name: "ICE_DENY_LIST_FILE", path: ["auth", "denyListFile"] },
];
