import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import type { Caller } from "../../authentication/caller.js";
import { TokenRejectedError } from "../../authentication/token-rejected-error.js";
import type { TokenVerifier } from "../../authentication/token-verifier.js";
import { limitVerification } from "../../limits/limited-verification.js";
import type { Quota } from "../../limits/quota.js";
import type {
  AuthenticationCounts,
  TokenPlace,
} from "../../observability/authentication-counts.js";
import { type CallRecord, callRecordKey, timeStep } from "../call-record.js";
import { rawQueryKey } from "../rest/raw-query.js";
import { refuseToken } from "../translate-error.js";

export interface AuthenticateOptions {
  readonly verifier: TokenVerifier;
  /** Whether `?token=` is accepted on REST routes. */
  readonly queryToken: boolean;
  /** Full names of the services that need no token. Every other one does. */
  readonly publicServices: ReadonlySet<string>;
  /** What each client address may present of tokens that are refused; undefined: no limit. */
  readonly failedAuthentication: Quota | undefined;
  readonly counts: AuthenticationCounts;
}

/** A token and where it stood. */
export interface PresentedToken {
  readonly token: string;
  readonly place: TokenPlace;
}

/** The token of a stream, for those who verify it again while the stream lasts. */
export const streamTokenKey = createContextKey("", { description: "token of a stream" });

/** Lets a call through only with one valid token, and makes its caller known to the handler. */
export function createAuthenticate({
  verifier,
  queryToken,
  publicServices,
  failedAuthentication,
  counts,
}: AuthenticateOptions): Interceptor {
  const verifyUnknown = limitVerification(verifier, failedAuthentication);

  function countAndThrow(error: unknown): never {
    if (error instanceof TokenRejectedError) {
      counts.fail(error.reason);
    }
    throw error;
  }

  /** What the call presents, and its caller: at once for a known token, as nearly every one is. */
  function identify(request: UnaryRequest | StreamRequest, record: CallRecord) {
    const presented = findToken(
      request.header.get("Authorization"),
      queryToken ? request.contextValues.get(rawQueryKey) : "",
    );
    if (presented === undefined) {
      // No failure that a limit counts: it is refused without work, and it is how a strayed client
      // comes.
      record.cause = "no_token";
      counts.fail("no_token");
      throw refuseToken();
    }
    const known = verifier.recognize(presented.token);
    // No limit for known tokens, as others may have failed behind the same address.
    return {
      presented,
      caller:
        known.kind === "unknown"
          ? timeStep("verify token", verifyUnknown(known, record.clientAddress, request), record)
          : known,
    };
  }

  return (next) => (request) => {
    if (publicServices.has(request.service.typeName)) {
      return next(request);
    }
    const record = request.contextValues.get(callRecordKey);
    let identified: ReturnType<typeof identify>;
    try {
      identified = identify(request, record);
    } catch (error) {
      countAndThrow(error);
    }
    const {
      presented: { token, place },
      caller,
    } = identified;
    const admit = (proven: Caller) => {
      counts.accept(proven.kind, place);
      record.caller = proven;
      if (request.stream) {
        request.contextValues.set(streamTokenKey, token);
      }
      return next(request);
    };
    return caller instanceof Promise ? caller.then(admit, countAndThrow) : admit(caller);
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
 * @throws TokenRejectedError when it is not percent-encoded as it should be
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
  return queryToken === undefined ? undefined : { token: queryToken, place: "query" };
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
        throw new TokenRejectedError("malformed");
      }
    });
}
