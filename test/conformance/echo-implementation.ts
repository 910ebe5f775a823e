import { setTimeout as wait } from "node:timers/promises";
import { fromJson, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";
import { ConnectError, type HandlerContext } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { EchoRequestSchema, EchoResponseSchema, SeenSchema } from "../schemas/gen/echo_pb.js";
import { type EchoRequest, type Seen, toEchoRequest } from "./echo-message.js";

type RequestMessage = MessageShape<typeof EchoRequestSchema>;
type ResponseMessage = MessageShape<typeof EchoResponseSchema>;

/**
 * How named calls stand at the server: `running`, or how they ended: `ok`, the code of their failure
 * or of their abort.
 */
export type CallStates = Map<string, string>;

export interface EchoImplementation {
  unary(message: RequestMessage, context: HandlerContext): Promise<ResponseMessage>;
  stream(message: RequestMessage, context: HandlerContext): AsyncIterable<ResponseMessage>;
}

export function createEchoImplementation(states: CallStates): EchoImplementation {
  return {
    async unary(message, context) {
      const { request, seen } = begin(message, context);
      note(request, "running");
      try {
        await delay(request, context);
        fail(request, seen);
        note(request, "ok");
        return toResponse(request.data?.[0], seen);
      } catch (error) {
        note(request, describeEnd(context, error));
        throw error;
      }
    },
    async *stream(message, context) {
      const { request, seen } = begin(message, context);
      note(request, "running");
      const { data = [] } = request;
      let end: string | undefined;
      try {
        for (const [index, bytes] of data.entries()) {
          await delay(request, context);
          yield toResponse(bytes, index === 0 ? seen : undefined);
        }
        if (data.length === 0) {
          await delay(request, context);
        }
        fail(request, data.length === 0 ? seen : undefined);
        end = "ok";
      } catch (error) {
        end = describeEnd(context, error);
        throw error;
      } finally {
        // Without an end, the stream was left by its reader.
        note(request, end ?? describeEnd(context, undefined));
      }
    },
  };

  function note({ call }: EchoRequest, end: string): void {
    if (call !== undefined) {
      states.set(call, end);
    }
  }
}

/** The code of the abort, if there was one, as it is the cause of whatever failed then. */
function describeEnd({ signal }: HandlerContext, error: unknown): string {
  return codeToString(ConnectError.from(signal.aborted ? signal.reason : error).code);
}

function begin(
  message: RequestMessage,
  context: HandlerContext,
): { request: EchoRequest; seen: Seen } {
  const request = toEchoRequest(toJson(EchoRequestSchema, message));
  appendFields(context.responseHeader, request.headers);
  appendFields(context.responseTrailer, request.trailers);
  const timeoutMs = context.timeoutMs();
  const seen: Seen = {
    httpMethod: context.requestMethod,
    query: new URL(context.url).search.slice(1),
    headers: [...context.requestHeader].map(([name, value]) => ({ name, values: [value] })),
    request,
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
  return { request, seen };
}

/** Ends early, with an error, when the deadline passes or the caller goes away. */
async function delay({ delayMs = 0 }: EchoRequest, { signal }: HandlerContext): Promise<void> {
  if (delayMs > 0) {
    await wait(delayMs, undefined, { signal });
  }
}

function fail({ failure }: EchoRequest, seen: Seen | undefined): void {
  if (failure === undefined) {
    return;
  }
  const error = new ConnectError(failure.message ?? "", failure.code);
  for (const { typeUrl, value = "" } of failure.details ?? []) {
    const type = typeUrl.slice(typeUrl.lastIndexOf("/") + 1);
    error.details.push({ type, value: Buffer.from(value, "base64") });
  }
  if (seen !== undefined) {
    error.details.push({ desc: SeenSchema, value: fromJson(SeenSchema, toPlain(seen)) });
  }
  throw error;
}

function toResponse(data: string | undefined, seen: Seen | undefined): ResponseMessage {
  return fromJson(EchoResponseSchema, toPlain({ data, seen }));
}

/** Without the members that are undefined, which JSON does not have. */
function toPlain(value: object): JsonValue {
  return JSON.parse(JSON.stringify(value));
}

function appendFields(target: Headers, fields: EchoRequest["headers"] = []): void {
  for (const { name, values } of fields) {
    for (const value of values) {
      target.append(name, value);
    }
  }
}
