import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import { ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  ConformancePayload_RequestInfoSchema,
  ConformancePayloadSchema,
  type ConformanceService,
  type Error as ErrorDefinition,
  type Header,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  UnaryRequestSchema,
  type UnaryResponseDefinition,
} from "./gen/connectrpc/conformance/v1/service_pb.js";

/** As service.proto asks; without Unimplemented, which a server must not implement. */
export const conformanceService: Omit<ServiceImpl<typeof ConformanceService>, "unimplemented"> = {
  unary: async (request, context) => ({
    payload: await answer(
      request.responseDefinition,
      [anyPack(UnaryRequestSchema, request)],
      context,
    ),
  }),

  idempotentUnary: async (request, context) => ({
    payload: await answer(
      request.responseDefinition,
      [anyPack(IdempotentUnaryRequestSchema, request)],
      context,
    ),
  }),

  async clientStream(requests, context) {
    const seen: Any[] = [];
    let definition: UnaryResponseDefinition | undefined;
    for await (const request of requests) {
      if (seen.length === 0) {
        definition = request.responseDefinition;
      }
      seen.push(anyPack(ClientStreamRequestSchema, request));
    }
    return { payload: await answer(definition, seen, context) };
  },

  async *serverStream(request, context) {
    const seen = [anyPack(ServerStreamRequestSchema, request)];
    yield* answerStream(request.responseDefinition, seen, context);
  },

  async *bidiStream(requests, context) {
    const seen: Any[] = [];
    let definition: StreamResponseDefinition | undefined;
    let isFullDuplex = false;
    let sent = 0;
    for await (const request of requests) {
      if (definition === undefined) {
        definition = request.responseDefinition;
        isFullDuplex = request.fullDuplex;
        addFields(context, definition?.responseHeaders, definition?.responseTrailers);
      }
      seen.push(anyPack(BidiStreamRequestSchema, request));
      if (isFullDuplex) {
        const data = definition?.responseData[sent];
        if (data === undefined) {
          break;
        }
        await delay(definition, context);
        yield { payload: describe(data, seen.splice(0), context) };
        sent += 1;
      }
    }
    if (!isFullDuplex) {
      for (const data of definition?.responseData ?? []) {
        await delay(definition, context);
        yield { payload: describe(data, seen.splice(0), context) };
        sent += 1;
      }
    }
    if (definition?.error !== undefined) {
      throw toError(definition.error, sent === 0 ? seen : undefined, context);
    }
  },
};

async function answer(
  definition: UnaryResponseDefinition | undefined,
  seen: readonly Any[],
  context: HandlerContext,
) {
  addFields(context, definition?.responseHeaders, definition?.responseTrailers);
  await delay(definition, context);
  if (definition?.response.case === "error") {
    throw toError(definition.response.value, seen, context);
  }
  return describe(definition?.response.value, seen, context);
}

/** Server streams and half-duplex streams: the first message carries what was seen. */
async function* answerStream(
  definition: StreamResponseDefinition | undefined,
  seen: readonly Any[],
  context: HandlerContext,
) {
  addFields(context, definition?.responseHeaders, definition?.responseTrailers);
  const messages = definition?.responseData ?? [];
  for (const [index, data] of messages.entries()) {
    await delay(definition, context);
    yield {
      payload:
        index === 0 ? describe(data, seen, context) : create(ConformancePayloadSchema, { data }),
    };
  }
  if (definition?.error !== undefined) {
    throw toError(definition.error, messages.length === 0 ? seen : undefined, context);
  }
}

async function delay(
  definition: { readonly responseDelayMs: number } | undefined,
  { signal }: HandlerContext,
): Promise<void> {
  if (definition !== undefined && definition.responseDelayMs > 0) {
    await wait(definition.responseDelayMs, undefined, { signal });
  }
}

function addFields(
  { responseHeader, responseTrailer }: HandlerContext,
  headers: readonly Header[] = [],
  trailers: readonly Header[] = [],
): void {
  for (const [target, fields] of [
    [responseHeader, headers],
    [responseTrailer, trailers],
  ] as const) {
    for (const { name, value } of fields) {
      for (const one of value) {
        target.append(name, one);
      }
    }
  }
}

function describe(data: Uint8Array | undefined, seen: readonly Any[], context: HandlerContext) {
  return create(ConformancePayloadSchema, {
    ...(data && { data }),
    requestInfo: describeRequest(seen, context),
  });
}

function describeRequest(requests: readonly Any[], context: HandlerContext) {
  const { url, requestMethod, requestHeader } = context;
  const timeoutMs = context.timeoutMs();
  return create(ConformancePayload_RequestInfoSchema, {
    requestHeaders: toFields(requestHeader),
    requests: [...requests],
    ...(timeoutMs !== undefined && { timeoutMs: BigInt(Math.trunc(timeoutMs)) }),
    ...(requestMethod === "GET" && {
      connectGetInfo: { queryParams: toFields(new URL(url).searchParams) },
    }),
  });
}

function toFields(source: Iterable<[string, string]>) {
  return [...source].map(([name, value]) => ({ name, value: [value] }));
}

function toError(
  { code, message, details }: ErrorDefinition,
  seen: readonly Any[] | undefined,
  context: HandlerContext,
): ConnectError {
  const error = new ConnectError(message ?? "", code.valueOf());
  for (const { typeUrl, value } of details) {
    error.details.push({ type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1), value });
  }
  if (seen !== undefined) {
    const value = describeRequest(seen, context);
    error.details.push({ desc: ConformancePayload_RequestInfoSchema, value });
  }
  return error;
}
