import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";

/** One request with its response, of HTTP/1.1 or HTTP/2. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** A signal that is aborted when the client goes away before it got its answer. */
export function createRequestSignal(response: NodeResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => {
    if (!response.writableEnded) {
      controller.abort(new ConnectError("the client went away", Code.Canceled));
    }
  });
  return controller.signal;
}

/** Whether the client has sent all of its request, as one without a body has from the start. */
export function isRequestComplete(request: NodeRequest): boolean {
  if ("stream" in request) {
    return request.stream.endAfterHeaders || request.stream.readableEnded;
  }
  const { "content-length": length = "0", "transfer-encoding": coding } = request.headers;
  return request.complete || (coding === undefined && Number(length) === 0);
}

/** The size of all headers, pseudo-headers included: what Node only asks HTTP/2 clients to bound. */
export function countHeaderBytes({ rawHeaders }: NodeRequest): number {
  return rawHeaders.reduce((sum, text) => sum + text.length, 0);
}
