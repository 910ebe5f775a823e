import { Code, ConnectError } from "@connectrpc/connect";
import type { TokenPlace } from "../observability/authentication-counts.js";
import { challenge } from "./translate-error.js";

/** A token and where it stood. */
export interface PresentedToken {
  /** Undefined where its percent-encoding is malformed. */
  readonly token: string | undefined;
  readonly place: TokenPlace;
}

/** The parameters of a query that carry a token. */
export interface TokenParameters {
  readonly names: readonly string[];
  /** Whether the same token may be sent more than once. */
  readonly mayRepeat: boolean;
}

export const restTokenParameters: TokenParameters = { names: ["token"], mayRepeat: false };

/**
 * Finds the token that a request presents (RFC 6750 sections 2.1 and 2.3), or undefined.
 *
 * @param authorization the Authorization header; several are joined with a comma
 * @param rawQuery the query as sent, without `?`; empty where a token is not accepted there
 * @param parameters those of the query that carry a token
 * @throws ConnectError InvalidArgument when more than one token is presented (section 2)
 */
export function findToken(
  authorization: string | null,
  rawQuery: string,
  parameters = restTokenParameters,
): PresentedToken | undefined {
  const inHeader = authorization === null ? [] : findBearerTokens(authorization);
  const inQuery = rawQuery === "" ? [] : findQueryTokens(rawQuery, parameters);
  if (inHeader.length + inQuery.length > 1) {
    throw new ConnectError(
      "more than one token: send it once, in the Authorization header or in the query",
      Code.InvalidArgument,
      { "WWW-Authenticate": `${challenge}, error="invalid_request"` },
    );
  }
  const [headerToken] = inHeader;
  if (headerToken !== undefined) {
    return { token: headerToken, place: "header" };
  }
  return inQuery.length === 0 ? undefined : { token: inQuery[0], place: "query" };
}

function findBearerTokens(authorization: string): string[] {
  // Nearly every call sends one token, and none holds a comma.
  if (!authorization.includes(",")) {
    const token = readBearerToken(authorization);
    return token === undefined ? [] : [token];
  }
  return authorization
    .split(/,\s*(?=[a-z]+ )/i)
    .map(readBearerToken)
    .filter((token) => token !== undefined);
}

/** Without a regular expression: on long tokens, they cost more than all the rest here. */
function readBearerToken(credentials: string): string | undefined {
  const text = credentials.trim();
  return text.slice(0, 7).toLowerCase() === "bearer " ? text.slice(7).trimStart() : undefined;
}

/** A parameter without a value counts as not sent (RFC 6749 section 3.1). */
function findQueryTokens(
  rawQuery: string,
  { names, mayRepeat }: TokenParameters,
): (string | undefined)[] {
  const tokens = rawQuery.split("&").flatMap((parameter) => {
    const mark = parameter.indexOf("=");
    if (mark === -1 || mark === parameter.length - 1) {
      return [];
    }
    const name = decodePercent(parameter.slice(0, mark));
    return name !== undefined && names.includes(name)
      ? [decodePercent(parameter.slice(mark + 1))]
      : [];
  });
  return mayRepeat ? [...new Set(tokens)] : tokens;
}

/** Percent-decoding of RFC 3986, not form decoding: clients send tokens raw, so that `+` is `+`. */
function decodePercent(text: string): string | undefined {
  if (!text.includes("%")) {
    return text;
  }
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
