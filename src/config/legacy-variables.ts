import { readList } from "./collections.js";
import type { LegacyVariable } from "./kind.js";

const jwt = (key: string) => ["auth", "jwt", 0, key];
const turn = (key: string) => ["ice", "turn", key];

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

export const iceVariables: readonly LegacyVariable[] = [
  { name: "ICE_STUN_URLS", path: ["ice", "stunUrls"], read: readList, emptyIsValue: true },
  { name: "ICE_TURN_URLS", path: turn("urls"), read: readList, emptyIsValue: true },
  { name: "ICE_TURN_SECRET_FILE", path: turn("secretFiles"), read: readList },
  { name: "ICE_TURN_TTL", path: turn("ttl") },
  { name: "ICE_TURN_IDENTITY", path: turn("identity") },
  { name: "ICE_TURN_NAME", path: turn("name") },
  // Known, and read where the secret is.
  { name: "ICE_TURN_SECRET", path: [] },
];
