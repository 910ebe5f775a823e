import { once } from "node:events";
import { Code, type ContextValues } from "@connectrpc/connect";
import type { UniversalHandlerFn, UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  codeFromHttpStatus,
  codeToString,
  parseTimeout as parseConnectTimeout,
} from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import { toOriginForm } from "../rpc/request-target.js";
import { canonicalizeStreamHeaders } from "../rpc/stream-headers.js";
import { clientGone } from "../rpc/unary/call-end.js";
import { longestTimerMs } from "../rpc/unary/call-timeout.js";
import { addHeaders, type HttpHeaders } from "../rpc/unary/http-message.js";
import type { HttpExchange } from "./http-exchange.js";
import { httpLimits } from "./http-limits.js";
import type { Reply } from "./reply.js";

/**
 * Has a stream served, and writes what comes as it comes. Rejects where a mistake of ours leaves the
 * exchange without an end.
 */
export async function answerStream(
  reply: Reply,
  handler: UniversalHandlerFn,
  contextValues: ContextValues,
): Promise<void> {
  const { exchange, record } = reply;
  const controller = new AbortController();
  const { signal } = controller;
  reply.beginStream();
  exchange.onGone(() => controller.abort(clientGone()));
  let status: number | undefined;
  try {
    canonicalizeStreamHeaders(exchange.headers);
    dropEndlessTimeouts(exchange.headers);
    exchange.acceptBody();
    const response = await handler({
      httpVersion: exchange.httpVersion,
      method: exchange.method,
      // The handlers look at the path and the query only.
      url: `http://localhost${toOriginForm(exchange.target)}`,
      header: exchange.headers,
      // A body that is not read to its end must not end the connection before the answer is out.
      body: exchange.body.iterator({ destroyOnReturn: false }),
      signal,
      contextValues,
    });
    status = response.status;
    await writeStream(reply, response, signal);
    record.code ??= findCode(response);
    reply.logEnd(status);
  } catch (error) {
    // What fails for a client that is gone is no mistake of ours. Its signal may come later.
    const isClientGone = signal.aborted || exchange.isGone();
    // Whatever still makes messages has nobody to make them for.
    controller.abort(clientGone());
    if (error instanceof SlowClientError) {
      record.cause ??= error;
    } else if (!isClientGone) {
      throw error;
    }
    reply.abandon();
  }
}

/** nginx would otherwise keep messages back until it has enough of them. */
const unbuffered: HttpHeaders = { "x-accel-buffering": "no" };

/** Headers leave with the first bytes, as handlers may still set some. */
async function writeStream(
  reply: Reply,
  response: UniversalServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { exchange } = reply;
  const { output } = exchange;
  const { status, trailer } = response;
  const start = () => {
    reply.closeWhenDraining();
    const headers = { ...toHttpHeaders(response.header), ...unbuffered };
    reply.addHeaders(headers);
    if (exchange.isGone()) {
      throw clientGone();
    }
    exchange.start(status, headers, trailer !== undefined);
  };
  let started = false;
  for await (const chunk of response.body ?? []) {
    signal.throwIfAborted();
    if (!started) {
      started = true;
      start();
    }
    if (!output.write(chunk)) {
      await untilDrained(exchange, signal);
    }
  }
  signal.throwIfAborted();
  if (!started) {
    start();
  }
  reply.closeWhenDraining();
  exchange.finish(trailer && toHttpHeaders(trailer));
}

class SlowClientError extends Error {
  constructor() {
    super("the client does not take what it is sent");
  }
}

/** Rejects when the client takes nothing for too long: what it is sent would be kept for ever. */
async function untilDrained(exchange: HttpExchange, signal: AbortSignal): Promise<void> {
  const slow = new AbortController();
  const timer = setTimeout(
    exchange.guard(() => slow.abort()),
    httpLimits.requestTimeoutMs,
  );
  try {
    await once(exchange.output, "drain", { signal: AbortSignal.any([signal, slow.signal]) });
  } catch (error) {
    throw slow.signal.aborted && !signal.aborted ? new SlowClientError() : error;
  } finally {
    clearTimeout(timer);
  }
}

function toHttpHeaders(source: Headers | undefined): HttpHeaders {
  const headers: HttpHeaders = {};
  if (source !== undefined) {
    addHeaders(headers, source);
  }
  return headers;
}

/** The code of a call that failed before the interceptors ran. */
function findCode({ status, trailer }: UniversalServerResponse): string {
  const grpcStatus = Number(trailer?.get("grpc-status") ?? 0);
  if (grpcStatus in Code) {
    return codeToString(grpcStatus);
  }
  return status === 200 ? "ok" : codeToString(codeFromHttpStatus(status));
}

/** As readTimeoutMs does for unary calls, here by taking the header away. */
function dropEndlessTimeouts(header: Headers): void {
  for (const [name, parse] of [
    ["grpc-timeout", parseGrpcTimeout],
    ["connect-timeout-ms", parseConnectTimeout],
  ] as const) {
    const { timeoutMs = 0 } = parse(header.get(name), longestTimerMs);
    if (timeoutMs > longestTimerMs) {
      header.delete(name);
    }
  }
}
