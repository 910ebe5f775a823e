import type { sharedReasons } from "../token-rejected-error.js";

/** Why a JWT is rejected, beside the reasons of all kinds. */
export const jwtReasons = [
  "unsupported",
  "unknown_issuer",
  "algorithm",
  "unknown_key",
  "signature",
  "expired",
  "not_yet_valid",
  "audience",
  "claim",
  "keys_unavailable",
] as const;

export type JwtReason = (typeof jwtReasons)[number] | (typeof sharedReasons)[number];
