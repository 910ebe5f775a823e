import { fileName } from "../config/file-kinds.js";
import { key, optionalKey } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import { trueOrFalse } from "../config/scalars.js";
import { section } from "../config/section.js";
import { connectorKeys } from "./connector/connector-config.js";
import { type JwtIssuerConfig, jwtKeys } from "./jwt/jwt-config.js";

/** Who may call. Each kind of token has keys of its own. */
export const authSection = checked(
  section({
    queryToken: key(trueOrFalse, {
      default: true,
      help: "Whether ?token= is accepted on the REST route.",
    }),
    ...jwtKeys,
    ...connectorKeys,
    denyListFile: optionalKey(fileName, {
      example: "deny-list.yaml",
      variable: "ICE_DENY_LIST_FILE",
      help: 'deny: [ { jti: "…" }, { subject: "…", issuer: https://… } ]: revoked JWTs.',
    }),
  }),
  (auth, place) => {
    const acceptsTokens = auth.jwt.length > 0 || auth.connectorTokensFile !== undefined;
    if (!acceptsTokens && place.context.needsCallers && !place.isDev) {
      return place.refuse(
        "no authentication is configured",
        "Set auth.jwt or auth.connectorTokensFile (`ice-service token new` makes an entry), or start with --dev to try the service",
      );
    }
    return auth;
  },
);

/** What tokens are verified by. */
export type AuthConfig = Omit<ValueOf<typeof authSection>, "jwt"> & {
  readonly jwt: readonly JwtIssuerConfig[];
};
