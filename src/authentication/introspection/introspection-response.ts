import { z } from "zod";

/** What an authorization server says of an active token (RFC 7662 section 2.2), as far as it matters. */
export interface ActiveToken {
  readonly issuer: string | undefined;
  readonly subject: string | undefined;
  readonly clientId: string | undefined;
  /** Absent where the response has no `aud`, which is not the same as an empty list. */
  readonly audience: readonly string[] | undefined;
  readonly expiresAtSeconds: number | undefined;
  readonly notBeforeSeconds: number | undefined;
  /** Its `jti`. */
  readonly id: string | undefined;
  /** Whether the response calls it a refresh token, in a member that RFC 7662 has or that servers add. */
  readonly isRefreshToken: boolean;
  /** Its `scope` and `scp`, as in the response. */
  readonly scopes: Readonly<Record<string, unknown>>;
}

/** `odd`: active, but with members of the wrong type, so that it is not known what the token is for. */
export type Introspection = ActiveToken | "inactive" | "odd";

/** An answer is no introspection response. The message names the cause and quotes nothing. */
export class IntrospectionError extends Error {
  override readonly name = "IntrospectionError";
}

const unsupportedSchema = z.object({ error: z.literal("unsupported_token_type") });
const stateSchema = z.looseObject({ active: z.boolean() });
/** Null and empty count as absent, as some servers write all members. */
const name = z
  .string()
  .nullish()
  .transform((text) => text || undefined);
const nameOrNumber = z
  .union([z.string(), z.int().transform(String)])
  .nullish()
  .transform((text) => text || undefined);
const time = z
  .number()
  .nullish()
  .transform((seconds) => seconds ?? undefined);
const audience = z
  .union([z.string().transform((one) => [one]), z.array(z.string())])
  .nullish()
  .transform((all) => all ?? undefined);
const activeSchema = z.object({
  iss: name,
  sub: nameOrNumber,
  client_id: name,
  aud: audience,
  exp: time,
  nbf: time,
  jti: nameOrNumber,
  token_type: z.unknown().optional(),
  token_use: z.unknown().optional(),
  scope: z.unknown().optional(),
  scp: z.unknown().optional(),
});

/**
 * Reads an answer. The error `unsupported_token_type` of RFC 7009 section 2.2.1 counts as inactive: with
 * it, some servers reject JWTs, which are nothing to ask them about.
 *
 * @throws IntrospectionError when the answer does not say whether the token is active
 */
export function parseIntrospection(status: number, text: string): Introspection {
  if (status === 400 && unsupportedSchema.safeParse(parseJson(text)).success) {
    return "inactive";
  }
  if (status !== 200) {
    throw new IntrospectionError(`HTTP status ${status}`);
  }
  const json = parseJson(text);
  if (json === undefined) {
    throw new IntrospectionError("not JSON");
  }
  const { data: state } = stateSchema.safeParse(json);
  if (state === undefined) {
    throw new IntrospectionError('no object with "active": true or false');
  }
  if (!state.active) {
    return "inactive";
  }
  const { data } = activeSchema.safeParse(json);
  return data === undefined
    ? "odd"
    : {
        issuer: data.iss,
        subject: data.sub,
        clientId: data.client_id,
        audience: data.aud,
        expiresAtSeconds: data.exp,
        notBeforeSeconds: data.nbf,
        id: data.jti,
        isRefreshToken: [data.token_type, data.token_use].some(namesRefreshToken),
        scopes: { scope: data.scope, scp: data.scp },
      };
}

/** `refresh_token` as ORY Hydra has it, `Refresh` as Keycloak has it. */
function namesRefreshToken(type: unknown): boolean {
  return typeof type === "string" && /^refresh(_token)?$/i.test(type);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
