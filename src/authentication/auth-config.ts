import { fileName } from "../config/file-kinds.js";
import { key, optionalKey } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import { trueOrFalse } from "../config/scalars.js";
import { section } from "../config/section.js";
import type { JwtAuth } from "./jwt/jwt-config.js";
import { tokenKeys } from "./token-kinds.js";
import { maxTokenBytesKey } from "./token-size.js";

/** Who may call. Each kind of token has its own keys. */
export const authSection = checked(
  section({
    queryToken: key(trueOrFalse, {
      default: true,
      help: "Whether tokens are accepted in the query: ?token= of REST routes, and key and api of /turn.",
    }),
    maxTokenBytes: maxTokenBytesKey,
    ...tokenKeys,
    denyListFile: optionalKey(fileName, {
      example: "deny-list.yaml",
      variable: "ICE_DENY_LIST_FILE",
      help: 'deny: [ { jti: "…" }, { subject: "…", issuer: https://… } ]: revoked JWTs and introspected tokens.',
    }),
  }),
  (auth, place) => {
    const names = Object.keys(tokenKeys);
    if (!auth.queryToken) {
      place.warn(
        "auth.queryToken is false: existing mobile clients send their token only as ?token=. When it is rejected, they silently use a public STUN server",
      );
    }
    const acceptsTokens = names.some((name) => isSet(Reflect.get(auth, name)));
    if (!acceptsTokens && place.context.needsCallers && !place.isDev) {
      return place.refuse(
        "no authentication is configured",
        `Set ${names.map((name) => `auth.${name}`).join(" or ")} (\`ice-service token new\` makes a connector token), or start with --dev to try the service`,
      );
    }
    return auth;
  },
);

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

/** What is needed to verify tokens. */
export type AuthConfig = Omit<ValueOf<typeof authSection>, keyof JwtAuth> & JwtAuth;
