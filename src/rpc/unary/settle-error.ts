import { ConnectError, type ContextValues } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { callRecordKey } from "../call-record.js";
import { recordFault } from "../error-fault.js";
import { translateError } from "../translate-error.js";
import type { UnaryCall } from "./unary-call.js";

/** Longer messages are cut: they repeat what the caller has sent. */
const maxMessageChars = 4096;

/**
 * The error that the caller gets for anything thrown, before, in or after the interceptors. Its code
 * goes on record.
 * @param call where it had begun: when its deadline has passed or its caller is gone, whatever failed
 *   then failed because of it
 */
export function settleError(error: unknown, values: ContextValues, call?: UnaryCall): ConnectError {
  const record = values.get(callRecordKey);
  const translated = call?.findEnd() ?? translateError(error, record);
  recordFault(translated, record);
  const settled = boundMessage(translated);
  record.code = codeToString(settled.code);
  return settled;
}

function boundMessage(error: ConnectError): ConnectError {
  const { rawMessage } = error;
  if (rawMessage.length <= maxMessageChars && rawMessage.isWellFormed()) {
    return error;
  }
  const text = rawMessage.slice(0, maxMessageChars).toWellFormed();
  const bounded = new ConnectError(text, error.code, error.metadata, undefined, error.cause);
  bounded.details = error.details;
  return bounded;
}
