import { list, listOrOne } from "../../config/collections.js";
import { duration } from "../../config/duration.js";
import { fileName, secretFile } from "../../config/file-kinds.js";
import { key, optionalKey, requiredKey } from "../../config/key.js";
import { checked, type ValueOf } from "../../config/kind.js";
import { choice, text } from "../../config/scalars.js";
import { section } from "../../config/section.js";
import { printValue } from "../../config/value-text.js";
import { outgoingUrl } from "../../outgoing/outgoing-url.js";
import { usersScopeKey } from "../users-scope.js";
import { asymmetricAlgorithms, hmacAlgorithms } from "./jwt-algorithms.js";
import { chooseKeys } from "./jwt-keys.js";

/** Providers' documents name issuers with placeholders, of which no token has any. */
const issuerName = checked(text(), (name, place) => {
  const placeholder = /\$?\{[^{}]*\}|<[^<>]*>/.exec(name)?.[0];
  return placeholder === undefined
    ? name
    : place.refuse(
        `has the placeholder ${printValue(placeholder)}, which no token has in its iss`,
        "Write the iss of your tokens, such as https://login.microsoftonline.com/ followed by the tenant's ID and /v2.0; each tenant needs an entry",
      );
});

const jwksUrl = outgoingUrl({
  example: "https://login.example.com/.well-known/jwks.json",
  risk: "who answers in its place could sign tokens",
});

const written = section({
  issuer: requiredKey(issuerName, {
    example: "https://login.example.com/",
    variable: "ICE_JWT_ISSUER",
    help: "The token's iss must equal this.",
  }),
  audience: requiredKey(listOrOne(text()), {
    example: ["ice"],
    variable: "ICE_JWT_AUDIENCE",
    help: "The token's aud must contain one of these.",
  }),
  algorithms: optionalKey(
    list(choice(...asymmetricAlgorithms, ...hmacAlgorithms), { notEmpty: true }),
    {
      example: ["ES256"],
      defaultText: "ES256, or HS256 with secretFile",
      variable: "ICE_JWT_ALGORITHMS",
      help: "ES256/384/512, RS256/384/512, PS256/384/512, EdDSA; HS256/384/512 with secretFile only.",
    },
  ),
  jwksUrl: optionalKey(jwksUrl, {
    example: "https://login.example.com/.well-known/jwks.json",
    variable: "ICE_JWT_JWKS_URL",
    help: "Exactly one of jwksUrl, jwksFile, publicKeyFile, secretFile. https: (http: on loopback only); the last keys stay in use while the URL fails.",
  }),
  jwksFile: optionalKey(fileName, {
    example: "jwks.json",
    isAlternative: true,
    variable: "ICE_JWT_JWKS_FILE",
    help: "A JSON Web Key Set.",
  }),
  publicKeyFile: optionalKey(fileName, {
    example: "public-key.pem",
    isAlternative: true,
    variable: "ICE_JWT_PUBLIC_KEY_FILE",
    help: "A public key or certificate in PEM.",
  }),
  secretFile: optionalKey(secretFile, {
    example: "jwt.secret",
    isAlternative: true,
    variable: "ICE_JWT_SECRET_FILE",
    help: "An HMAC secret of 32 bytes or more.",
  }),
  clockTolerance: key(duration({ max: "5m", fix: "Write 30s, and keep the clocks right" }), {
    default: "30s",
    help: "For exp and nbf; not for exp with capAtTokenExpiry.",
  }),
  usersScope: usersScopeKey,
});

/** An issuer whose JWTs are accepted. */
const issuer = checked(written, (entry, place) => {
  const keys = chooseKeys(entry, place);
  return keys && { ...entry, algorithms: keys.algorithms, keys };
});

/** The keys of `auth` that are about JWTs. */
export const jwtKeys = {
  jwt: key(list(issuer), {
    default: [],
    defaultText: "none",
    help: "Issuers of JWTs. At least one of jwt, connectorTokensFile, and introspection is required, except with --dev.",
  }),
};

/** What the kind takes from the configuration. */
export interface JwtAuth {
  readonly jwt: readonly JwtIssuerConfig[];
}

export type JwtIssuerConfig = Pick<
  ValueOf<typeof issuer>,
  "issuer" | "audience" | "clockToleranceSeconds" | "usersScope" | "keys"
>;
