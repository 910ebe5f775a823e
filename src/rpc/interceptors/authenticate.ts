import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  type Interceptor,
} from "@connectrpc/connect";
import type { Caller } from "../../authentication/caller.js";
import type { TokenVerifier } from "../../authentication/token-verifier.js";
import { callRecordKey } from "../call-record.js";
import { rawQueryKey } from "../rest/raw-query.js";
import { refuseToken } from "./translate-errors.js";

export interface AuthenticateOptions {
  readonly verifier: TokenVerifier;
  /** Whether `?token=` is accepted on REST routes. */
  readonly queryToken: boolean;
  /** Full names of the services that need no token. Every other one does. */
  readonly publicServices: ReadonlySet<string>;
}

/** The token of a stream, for those who verify it again while the stream lasts. */
export const streamTokenKey = createContextKey("", { description: "token of a stream" });

/** Lets a call through only with one valid token, and makes its caller known to the handler. */
export function createAuthenticate(options: AuthenticateOptions): Interceptor {
  return (next) => async (request) => {
    if (options.publicServices.has(request.service.typeName)) {
      return next(request);
    }
    const token = findToken(
      request.header.get("Authorization"),
      options.queryToken ? request.contextValues.get(rawQueryKey) : "",
    );
    if (token === undefined) {
      request.contextValues.get(callRecordKey).cause = "no_token";
      throw refuseToken();
    }
    // Nearly every token is known: no turn of the event loop for it.
    const verified = options.verifier.verify(token, request);
    request.contextValues.get(callRecordKey).caller =
      verified instanceof Promise ? await verified : verified;
    if (request.stream) {
      request.contextValues.set(streamTokenKey, token);
    }
    return next(request);
  };
}

/**
 * The caller that {@link createAuthenticate} has proven.
 * @throws Error when the call did not pass authentication: a mistake of ours, never let through.
 */
export function requireCaller(values: ContextValues): Caller {
  const { caller } = values.get(callRecordKey);
  if (caller === undefined) {
    throw new Error("a method that needs a caller was reached without authentication");
  }
  return caller;
}

/**
 * Finds the token that a request presents (RFC 6750 sections 2.1 and 2.3), or undefined.
 *
 * @param authorization the Authorization header; several are joined with a comma
 * @param rawQuery the query as sent, without `?`; empty where a token is not accepted there
 * @throws ConnectError InvalidArgument when more than one token is presented (section 2)
 */
export function findToken(authorization: string | null, rawQuery: string): string | undefined {
  const inHeader = authorization === null ? [] : findBearerTokens(authorization);
  const tokens = rawQuery === "" ? inHeader : [...inHeader, ...findQueryTokens(rawQuery)];
  if (tokens.length > 1) {
    throw new ConnectError(
      "more than one token: send it once, in the Authorization header or in the query",
      Code.InvalidArgument,
      { "WWW-Authenticate": 'Bearer realm="ice-service", error="invalid_request"' },
    );
  }
  return tokens[0];
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

/**
 * Percent-decoding of RFC 3986, not form decoding: clients send tokens raw, so that `+` is `+`.
 * A parameter without a value counts as not sent (RFC 6749 section 3.1).
 */
function findQueryTokens(rawQuery: string): string[] {
  return rawQuery
    .split("&")
    .filter((parameter) => parameter.startsWith("token=") && parameter.length > "token=".length)
    .map((parameter) => {
      try {
        return decodeURIComponent(parameter.slice("token=".length));
      } catch {
        throw refuseToken("invalid_token");
      }
    });
}
