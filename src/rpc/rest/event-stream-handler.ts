import type { Message } from "@bufbuild/protobuf";
import { createHandlerContext, type MethodImplSpec } from "@connectrpc/connect";
import {
  createAsyncIterable,
  transformInvokeImplementation,
  type UniversalHandlerFn,
} from "@connectrpc/connect/protocol";
import { splitRequestTarget } from "../request-target.js";
import { callEnded } from "../unary/call-end.js";
import type { HandlerOptions } from "../unary/handler-options.js";
import { settleError } from "../unary/settle-error.js";
import type { GetBinding } from "./http-binding.js";
import { iteratePaced, pause } from "./paced-iteration.js";
import { problemContentType, toProblemDetails } from "./problem-details.js";
import { readRequestMessage } from "./request-message.js";
import { createBodyPrinter } from "./response-body.js";

export type ServerStreamSpec = MethodImplSpec & { readonly kind: "server_streaming" };

/** Proxies commonly give up on an answer that is quiet for 60 s. */
const keepAliveMs = 20_000;
/** When clients come back after the stream has ended: not all at once. */
const minRetryMs = 1000;
const maxRetryMs = 5000;

/**
 * A server-streaming method as server-sent events over GET
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html), at the path that its
 * `google.api.http` annotation gives: an event for each message, its data the JSON that a unary
 * method would answer with. An error before the first message is answered with problem details; a
 * later one is an event `error` with these, and the end.
 */
export function createEventStreamHandler(
  spec: ServerStreamSpec,
  binding: GetBinding,
  { interceptors, shutdownSignal }: Pick<HandlerOptions, "interceptors" | "shutdownSignal">,
): UniversalHandlerFn {
  const { method } = spec;
  const { template } = binding;
  const print = createBodyPrinter(method.output, binding);
  return async ({ method: requestMethod, url, header, signal, contextValues }) => {
    const context = createHandlerContext({
      service: method.parent,
      method,
      protocolName: "rest",
      requestMethod,
      url,
      requestHeader: header,
      requestSignal: signal,
      ...(shutdownSignal && { shutdownSignal }),
      ...(contextValues && { contextValues }),
    });
    const { values, responseHeader } = context;
    const { path, query } = splitRequestTarget(url);
    const invoke = transformInvokeImplementation(spec, context, interceptors);
    // Read by whoever asks for the first message, so that an error is answered as all others are.
    async function* readRequest() {
      yield readRequestMessage(method.input, template.match(path) ?? new Map(), query);
    }
    const messages = iteratePaced(invoke(readRequest()), keepAliveMs);
    try {
      const first = await messages.next();
      responseHeader.set("content-type", "text/event-stream");
      if (requestMethod === "HEAD") {
        context.abort(callEnded);
        await messages.return();
        return { status: 200, header: responseHeader };
      }
      return { status: 200, header: responseHeader, body: writeEvents(first, messages) };
    } catch (error) {
      context.abort(callEnded);
      const settled = settleError(error, values);
      const problem = toProblemDetails(settled);
      for (const [name, value] of settled.metadata) {
        responseHeader.set(name, value);
      }
      responseHeader.set("content-type", problemContentType);
      const body = requestMethod === "HEAD" ? "" : JSON.stringify(problem);
      return {
        status: problem.status,
        header: responseHeader,
        body: createAsyncIterable([Buffer.from(body)]),
      };
    }

    async function* writeEvents(
      first: IteratorResult<Message | typeof pause, void>,
      rest: AsyncGenerator<Message | typeof pause, void>,
    ): AsyncGenerator<Uint8Array> {
      const retryMs = Math.round(minRetryMs + Math.random() * (maxRetryMs - minRetryMs));
      let text = `retry: ${retryMs}\n\n`;
      try {
        for (let next = first; next.done !== true; next = await rest.next()) {
          text += next.value === pause ? ": still there\n\n" : `data: ${print(next.value)}\n\n`;
          yield Buffer.from(text);
          text = "";
        }
      } catch (error) {
        const problem = toProblemDetails(settleError(error, values));
        yield Buffer.from(`${text}event: error\ndata: ${JSON.stringify(problem)}\n\n`);
      } finally {
        context.abort(callEnded);
        await rest.return();
      }
    }
  };
}
