import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { type CallRecord, callRecordKey } from "../call-record.js";

/** Notes the RPC and the code it ends with in the request's {@link CallRecord}. */
export const recordCall: Interceptor = (next) => async (request) => {
  const record = request.contextValues.get(callRecordKey);
  record.target = `${request.service.typeName}/${request.method.name}`;
  try {
    const response = await next(request);
    if (response.stream) {
      return { ...response, message: recordStream(response.message, record) };
    }
    record.code = "ok";
    return response;
  } catch (error) {
    record.code = codeToString(ConnectError.from(error).code);
    throw error;
  }
};

async function* recordStream<T>(messages: AsyncIterable<T>, record: CallRecord): AsyncIterable<T> {
  record.messagesSent = 0;
  try {
    for await (const message of messages) {
      record.messagesSent += 1;
      yield message;
    }
    record.code = "ok";
  } catch (error) {
    record.code = codeToString(ConnectError.from(error).code);
    throw error;
  }
}
