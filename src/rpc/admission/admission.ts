import type { Quotas } from "../../limits/quota-pool.js";
import type { ArrivedCall } from "../arrived-call.js";
import { type AdmissionStage, joinStages } from "./admission-stage.js";
import {
  type Authenticate,
  type AuthenticationOptions,
  createAuthentication,
  streamTokenKey,
} from "./authentication.js";
import { createLimitCaller } from "./limit-caller.js";

export interface AdmissionOptions extends Omit<AuthenticationOptions, "failedAuthentication"> {
  /** Whether `?token=` is accepted on REST routes. */
  readonly queryToken: boolean;
  readonly quotas: Quotas;
}

/**
 * What a call passes before its body is read, decompressed, or decoded: authentication, then the
 * caller's quota. The same for every method and protocol, unary or stream.
 */
export function createAdmission({
  queryToken,
  quotas: { failedAuthentication, caller },
  ...options
}: AdmissionOptions): AdmissionStage {
  const authenticate = createAuthentication({ ...options, failedAuthentication });
  return joinStages([
    createAuthenticateStage(authenticate, queryToken),
    ...(caller === undefined ? [] : [createLimitCaller(caller)]),
  ]);
}

function createAuthenticateStage(authenticate: Authenticate, queryToken: boolean): AdmissionStage {
  return (call) => {
    const { handler, headers, query } = call;
    const rawQuery = queryToken && handler.protocol === "rest" ? query : "";
    const token = authenticate(headers.find("authorization"), rawQuery, call.record, call);
    if (token instanceof Promise) {
      return token.then((verified) => keepToken(call, verified));
    }
    keepToken(call, token);
    return undefined;
  };
}

/** A watch verifies its token again while it lasts. */
function keepToken({ handler, contextValues }: ArrivedCall, token: string): void {
  if (handler.isStream) {
    contextValues.set(streamTokenKey, token);
  }
}
