import { Code, ConnectError, type Interceptor, type StreamRequest } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { type CallRecord, callRecordKey, nameTarget } from "../call-record.js";
import { markUnreadable, recordFault } from "../error-fault.js";
import { translateError } from "../translate-error.js";

/**
 * Notes the RPC, its messages and the code it ends with in the request's {@link CallRecord}, and
 * turns what the domain throws into that code. For streams only: the handlers of unary calls do it
 * themselves, without another promise around the call.
 */
export const settleStream: Interceptor = (next) => async (request) => {
  if (!request.stream) {
    return next(request);
  }
  const record = request.contextValues.get(callRecordKey);
  record.target = nameTarget(request.method);
  try {
    const end = findEnd(request);
    if (end !== undefined) {
      throw end;
    }
    const response = await next({ ...request, message: markUnreadable(request.message) });
    return response.stream
      ? { ...response, message: settleMessages(response.message, request, record) }
      : response;
  } catch (error) {
    throw settle(error, request, record);
  }
};

async function* settleMessages<T>(
  messages: AsyncIterable<T>,
  request: StreamRequest,
  record: CallRecord,
): AsyncIterable<T> {
  record.messagesSent = 0;
  try {
    for await (const message of messages) {
      record.messagesSent += 1;
      yield message;
    }
    record.code = "ok";
  } catch (error) {
    throw settle(error, request, record);
  }
}

/** When the deadline has passed or the caller is gone, whatever failed then failed because of it. */
function settle(error: unknown, request: StreamRequest, record: CallRecord): ConnectError {
  const settled = findEnd(request) ?? translateError(error, record);
  recordFault(settled, record);
  record.code = codeToString(settled.code);
  return settled;
}

function findEnd({ signal }: StreamRequest): ConnectError | undefined {
  return signal.aborted ? ConnectError.from(signal.reason, Code.Canceled) : undefined;
}
