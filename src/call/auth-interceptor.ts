import { Code, ConnectError, type ContextValues, type Interceptor } from "@connectrpc/connect";
import {
  type AuthenticationOptions,
  createAuthentication,
  streamTokenKey,
} from "./authentication.js";
import { CallRecord, callRecordKey } from "./call-record.js";
import { CallValues } from "./call-values.js";
import { translateError } from "./translate-error.js";

export interface AuthenticateOptions extends AuthenticationOptions {
  /** Full names of the services that need no token. Every other one does. */
  readonly publicServices: ReadonlySet<string>;
}

/**
 * Authentication as an interceptor of any Connect router. Lets a call through only with one valid
 * token in its Authorization header, and puts the caller where `requireCaller` finds it. In a router
 * of Connect the body has been decoded by then; our own server authenticates before it reads the body,
 * and its calls pass here unexamined.
 *
 * The router must give each call its own context values, as Connect does by default.
 */
export function createAuthenticate({
  publicServices,
  ...options
}: AuthenticateOptions): Interceptor {
  const authenticate = createAuthentication(options);
  return (next) => async (request) => {
    const { service, header, contextValues, signal, stream } = request;
    if (publicServices.has(service.typeName) || isAuthenticated(contextValues)) {
      return next(request);
    }
    // Never one that an earlier call has left.
    const record = new CallRecord();
    contextValues.set(callRecordKey, record);
    try {
      const token = await authenticate(header.get("Authorization"), "", record, request);
      if (stream) {
        contextValues.set(streamTokenKey, token);
      }
    } catch (error) {
      throw signal.aborted
        ? ConnectError.from(signal.reason, Code.Canceled)
        : translateError(error, record);
    }
    return next(request);
  };
}

/** Only our own server makes such values, anew for each call. */
function isAuthenticated(values: ContextValues): boolean {
  return values instanceof CallValues && values.get(callRecordKey).caller !== undefined;
}
