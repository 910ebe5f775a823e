import { list, listOrOne } from "../../config/collections.js";
import { duration } from "../../config/duration.js";
import { authorityFile, fileName, secretFile, secretFileWith } from "../../config/file-kinds.js";
import { key, optionalKey, requiredKey } from "../../config/key.js";
import { checked, type ValueOf } from "../../config/kind.js";
import type { Place } from "../../config/place.js";
import { choice, text, trueOrFalse } from "../../config/scalars.js";
import { section } from "../../config/section.js";
import { printValue } from "../../config/value-text.js";
import { uncheckedUrl } from "../../outgoing/outgoing-url.js";
import { usersScopeKey } from "../users-scope.js";
import { jwtAlgorithm } from "./jwt-algorithms.js";
import { chooseKeys } from "./jwt-keys.js";
import { binarySecretFix, secretEncodings } from "./jwt-secret.js";

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

const written = section({
  issuer: requiredKey(issuerName, {
    example: "https://login.example.com/",
    variable: "ICE_JWT_ISSUER",
    help: "The token's iss must equal this. Entries can share an issuer if they share no algorithm.",
  }),
  audience: requiredKey(listOrOne(text()), {
    example: ["ice"],
    variable: "ICE_JWT_AUDIENCE",
    help: "The token's aud must contain one of these.",
  }),
  audienceClaim: key(choice("aud", "client_id", "azp"), {
    default: "aud",
    help: "The claim that must contain one of audience in a token without aud. A token with aud is always judged by aud.",
  }),
  algorithms: optionalKey(list(jwtAlgorithm, { notEmpty: true }), {
    example: ["ES256"],
    defaultText: "ES256; with discovery, RS256 and ES256; with secretFile, HS256",
    variable: "ICE_JWT_ALGORITHMS",
    help: "ES256/384/512, RS256/384/512, PS256/384/512, EdDSA (or Ed25519, the same); HS256/384/512 with secretFile only.",
  }),
  jwksUrl: optionalKey(uncheckedUrl("https://login.example.com/.well-known/jwks.json"), {
    example: "https://login.example.com/.well-known/jwks.json",
    variable: "ICE_JWT_JWKS_URL",
    help: "Exactly one of jwksUrl, discovery, jwksFile, publicKeyFile, secretFile. https: (http: on loopback, or with allowInsecureUrl); the last keys stay in use while the URL fails.",
  }),
  allowInsecureUrl: key(trueOrFalse, {
    default: false,
    help: "Accepts an http: URL, for an issuer inside a cluster. An attacker who can answer in its place can sign tokens.",
  }),
  discovery: key(trueOrFalse, {
    default: false,
    variable: "ICE_JWT_DISCOVERY",
    help: "Whether to find the keys by the issuer's OpenID configuration, at issuer + /.well-known/openid-configuration. It never changes algorithms.",
  }),
  caFile: optionalKey(authorityFile, {
    example: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
    isAlternative: true,
    help: "The only authorities, in PEM, that can vouch for the server of the keys. With jwksUrl or discovery. Read again for each fetch.",
  }),
  fetchTokenFile: optionalKey(secretFile, {
    example: "/var/run/secrets/kubernetes.io/serviceaccount/token",
    isAlternative: true,
    help: "A bearer token to fetch the keys with, also from where discovery says they are. With jwksUrl or discovery. Read again for each fetch.",
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
  secretFile: optionalKey(secretFileWith(binarySecretFix), {
    example: "jwt.secret",
    isAlternative: true,
    variable: "ICE_JWT_SECRET_FILE",
    help: "An HMAC secret of 32 bytes or more.",
  }),
  secretEncoding: optionalKey(choice(...secretEncodings), {
    example: "base64",
    isAlternative: true,
    defaultText: "utf8, the text itself",
    help: "How secretFile writes the bytes of the key.",
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

type Issuer = ValueOf<typeof issuer>;

/** A token must have one entry at most that may verify it. */
function refuseOverlaps(entries: readonly Issuer[], place: Place): void {
  for (const [index, { issuer, algorithms }] of entries.entries()) {
    for (const [earlierIndex, earlier] of entries.slice(0, index).entries()) {
      const shared = algorithms.filter((name) =>
        earlier.algorithms.some((other) => other === name),
      );
      if (earlier.issuer === issuer && shared.length > 0) {
        place
          .at(index, "algorithms")
          .refuse(
            `contains ${shared.join(", ")}, like auth.jwt[${earlierIndex}], which has the same issuer`,
            "Give each algorithm to one entry of an issuer; a JWKS can contain several keys",
          );
      }
    }
  }
}

const issuers = checked(list(issuer), (entries, place) => {
  refuseOverlaps(entries, place);
  return entries;
});

/** The keys of `auth` that are about JWTs. */
export const jwtKeys = {
  jwt: key(issuers, {
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
  Issuer,
  "issuer" | "audience" | "audienceClaim" | "clockToleranceSeconds" | "usersScope" | "keys"
>;
