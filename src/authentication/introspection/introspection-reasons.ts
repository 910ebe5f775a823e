import type { sharedReasons } from "../token-rejected-error.js";

/** Why a token is rejected or cannot be verified, beside the reasons of all kinds. */
export const introspectionReasons = [
  "inactive",
  "introspection_audience",
  "introspection_scope",
  "introspection_claim",
  "introspection_refresh_token",
  "introspection_unavailable",
  "introspection_busy",
] as const;

export type IntrospectionReason =
  | (typeof introspectionReasons)[number]
  | (typeof sharedReasons)[number];
