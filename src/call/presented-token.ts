import { Code, ConnectError } from "@connectrpc/connect";
import type { TokenPlace } from "../observability/authentication-counts.js";

/** A token and where it stood. */
export interface PresentedToken {
  /** Undefined where its percent-encoding is malformed. */
  readonly token: string | undefined;
  readonly place: TokenPlace;
}

/**
 * Finds the token that a request presents (RFC 6750 sections 2.1 and 2.3), or undefined.
 *
 * @param authorization the Authorization header; several are joined with a comma
 * @param rawQuery the query as sent, without `?`; empty where a token is not accepted there
 * @throws ConnectError InvalidArgument when more than one token is presented (section 2)
 */
export function findToken(
  authorization: string | null,
  rawQuery: string,
): PresentedToken | undefined {
  const inHeader = authorization === null ? [] : findBearerTokens(authorization);
  const inQuery = rawQuery === "" ? [] : findQueryTokens(rawQuery);
  if (inHeader.length + inQuery.length > 1) {
    throw new ConnectError(
      "more than one token: send it once, in the Authorization header or in the query",
      Code.InvalidArgument,
      { "WWW-Authenticate": 'Bearer realm="ice-service", error="invalid_request"' },
    );
  }
  const [headerToken] = inHeader;
  if (headerToken !== undefined) {
    return { token: headerToken, place: "header" };
  }
  const [queryToken] = inQuery;
  return queryToken === undefined
    ? undefined
    : { token: decodePercent(queryToken), place: "query" };
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

/** As sent. A parameter without a value counts as not sent (RFC 6749 section 3.1). */
function findQueryTokens(rawQuery: string): string[] {
  return rawQuery
    .split("&")
    .filter((parameter) => parameter.startsWith("token=") && parameter.length > "token=".length)
    .map((parameter) => parameter.slice("token=".length));
}

/** Percent-decoding of RFC 3986, not form decoding: clients send tokens raw, so that `+` is `+`. */
function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
