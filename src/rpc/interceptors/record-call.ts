import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { type CallRecord, callRecordKey } from "../call-record.js";
import { rememberLast } from "../remember-last.js";

/** Notes the RPC and the code it ends with in the request's {@link CallRecord}. */
export const recordCall: Interceptor = (next) => {
  // One text for all calls: it is looked up as they are counted.
  const nameTarget = rememberLast(({ parent, name }: DescMethod) => `${parent.typeName}/${name}`);
  return async (request) => {
    const record = request.contextValues.get(callRecordKey);
    record.target = nameTarget(request.method);
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
