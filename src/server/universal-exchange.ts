import { once } from "node:events";
import type { OutgoingHttpHeaders } from "node:http";
import type { ContextValues } from "@connectrpc/connect";
import type { UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import { toOriginForm } from "../rpc/request-target.js";
import type { NodeRequest, NodeResponse } from "./node-exchange.js";

/** The longest delay that a Node timer takes; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * A Node request as Connect's handlers take it. Differs from Connect's own adapter in that repeated
 * headers are all kept, so that authentication sees a second Authorization header, and in that a
 * body that is not read to its end does not destroy the connection before the answer is out.
 */
export function toUniversalRequest(
  request: NodeRequest,
  signal: AbortSignal,
  contextValues: ContextValues,
): UniversalServerRequest {
  const header = new Headers();
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const name = request.rawHeaders[i] ?? "";
    if (!name.startsWith(":")) {
      header.append(name, request.rawHeaders[i + 1] ?? "");
    }
  }
  dropEndlessTimeouts(header);
  return {
    httpVersion: request.httpVersion,
    method: request.method ?? "",
    // The handlers look at the path and the query only.
    url: `http://localhost${toOriginForm(request.url ?? "")}`,
    header,
    body: request.iterator({ destroyOnReturn: false }),
    signal,
    contextValues,
  };
}

/** Sends a handler's response. Headers leave with the first bytes, as handlers may still set some. */
export async function sendUniversalResponse(
  universal: UniversalServerResponse,
  request: NodeRequest,
  response: NodeResponse,
  signal: AbortSignal,
): Promise<void> {
  if (request.method !== "HEAD" && universal.body !== undefined) {
    for await (const chunk of universal.body) {
      if (signal.aborted) {
        return;
      }
      if (!response.headersSent) {
        response.writeHead(universal.status, toNodeHeaders(universal.header));
      }
      if (!writeChunk(response, chunk)) {
        await once(response, "drain", { signal });
      }
    }
  }
  if (signal.aborted) {
    return;
  }
  if (!response.headersSent) {
    response.writeHead(universal.status, toNodeHeaders(universal.header));
  }
  if (universal.trailer !== undefined) {
    response.addTrailers(toNodeHeaders(universal.trailer));
  }
  response.end();
}

/** Both branches are one call; TypeScript needs each type of response to have its own. */
function writeChunk(response: NodeResponse, chunk: Uint8Array): boolean {
  return "stream" in response ? response.write(chunk) : response.write(chunk);
}

function toNodeHeaders(headers: Headers | undefined): OutgoingHttpHeaders {
  return headers === undefined ? {} : Object.fromEntries(headers);
}

/** A deadline further away than timers reach is none: some clients send one to mean "never". */
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
