import { listOrOne } from "../../config/collections.js";
import { duration } from "../../config/duration.js";
import { secretFile } from "../../config/file-kinds.js";
import { key, optionalKey, requiredKey } from "../../config/key.js";
import { checked, type SectionValue } from "../../config/kind.js";
import { text } from "../../config/scalars.js";
import { section } from "../../config/section.js";
import { outgoingUrl } from "../../outgoing/outgoing-url.js";
import { scope, usersScopeKey } from "../users-scope.js";

const endpointUrl = outgoingUrl({
  example: "https://login.example.com/oauth2/introspect",
  risk: "it receives tokens and the client's secret",
});

const endpoint = checked(
  section({
    url: requiredKey(endpointUrl, {
      example: "https://login.example.com/oauth2/introspect",
      help: "The introspection endpoint. https: (http: on loopback only).",
    }),
    clientId: requiredKey(text(), {
      example: "ice-service",
      help: "The name under which the authorization server knows this service.",
    }),
    clientSecretFile: requiredKey(secretFile, {
      example: "introspection.secret",
      help: "The secret that belongs to it. Sent by HTTP Basic (RFC 6749 section 2.3.1).",
    }),
    audience: optionalKey(listOrOne(text()), {
      example: ["ice"],
      help: "The aud of a response must contain one of these. audience, requiredScope, or both are required.",
    }),
    requiredScope: optionalKey(scope, {
      example: "ice:read",
      help: "Accepts responses without aud if their scope contains this. If there is an aud, audience decides alone.",
    }),
    cacheFor: key(duration({ max: "1h", fix: "Write 60s, for example" }), {
      default: "60s",
      help: "For how long an active token is not asked about again, but never past its exp. A revoked token is accepted for as long.",
    }),
    usersScope: usersScopeKey,
  }),
  (written, place) =>
    written.audience === undefined && written.requiredScope === undefined
      ? place.refuse(
          "has neither audience nor requiredScope",
          "Set audience to what the tokens for this service have as aud, or requiredScope if they have none",
        )
      : written,
);

/** The key of `auth` that is about tokens that only the authorization server can read. */
export const introspectionKeys = {
  introspection: optionalKey(endpoint, {
    help: "Asks an authorization server about tokens that are neither connector tokens nor JWTs of an issuer in auth.jwt (RFC 7662). See docs/introspection.md.",
  }),
};

/** What the kind takes from the configuration. */
export type IntrospectionAuth = SectionValue<typeof introspectionKeys>;

export type IntrospectionConfig = NonNullable<IntrospectionAuth["introspection"]>;
