import { STATUS_CODES } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { toPlainAddress } from "../http/client-address.js";
import { addCommonHeaders } from "../http/common-headers.js";
import type { HttpHeaders } from "../http/http-message.js";
import { type HttpProblem, headersTooLarge, printProblem } from "../http/http-problem.js";
import { problemContentType } from "../http/problem-details.js";
import { createRequestId, requestIdHeader } from "../http/request-id.js";
import type { Logger } from "../observability/logger.js";
import type { RequestCounts } from "../observability/request-counts.js";

/** Takes what Node's HTTP/1.1 parser refuses. */
export type MalformedRequestListener = (error: NodeJS.ErrnoException, socket: Duplex) => void;

/**
 * Answers a malformed request with problem details, closes the connection, and logs one line.
 * @param counts where it is counted, if anywhere
 */
export function createMalformedRequestListener(
  log: Logger,
  counts?: RequestCounts,
): MalformedRequestListener {
  return (error, socket) => {
    if (!socket.writable || error.code === "ECONNRESET" || Reflect.get(socket, "_httpMessage")) {
      socket.destroy();
      return;
    }
    const problem = toProblem(error.code);
    const { code } = problem;
    const requestId = createRequestId();
    counts?.end({ protocol: "http", target: "malformed", code }, problem.status, undefined);
    log.info(
      {
        protocol: "http",
        code,
        status: problem.status,
        remoteAddress: socket instanceof Socket ? toPlainAddress(socket.remoteAddress) : undefined,
        requestId,
        cause: error.code,
      },
      "request",
    );
    socket.end(printResponse(problem, requestId), () => socket.destroy());
  };
}

function printResponse(problem: HttpProblem, requestId: string): string {
  const body = printProblem(problem);
  const headers: HttpHeaders = {
    "content-type": problemContentType,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
    [requestIdHeader]: requestId,
  };
  addCommonHeaders(headers, "http");
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join("")}\r\n${body}`;
}

function toProblem(code: string | undefined): HttpProblem {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return headersTooLarge;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, code: "deadline_exceeded", message: "the request came too slowly" };
    default:
      return { status: 400, code: "invalid_argument", message: "malformed HTTP request" };
  }
}
