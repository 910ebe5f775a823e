import { ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { addCommonHeaders } from "../http/common-headers.js";
import type { HttpHeaders } from "../http/http-message.js";
import { type HttpProblem, headersTooLarge, printProblem } from "../http/http-problem.js";
import { problemContentType } from "../http/problem-details.js";
import { reportBodyFault } from "../http/request-body.js";
import { createRequestId, requestIdHeader } from "../http/request-id.js";
import { toPlainAddress } from "../ip-address.js";
import { findFault } from "../observability/fault.js";
import type { Logger } from "../observability/logger.js";
import type { RequestCounts } from "../observability/request-counts.js";
import type { SelectRequest } from "../observability/request-selection.js";
import { isParsingBody } from "./node-parser.js";

/** Takes what Node's HTTP/1.1 parser refuses. */
export type MalformedRequestListener = (error: NodeJS.ErrnoException, socket: Socket) => void;

/**
 * Answers a malformed request with problem details, ends our side of the connection, and logs one line.
 * While another request is being answered, it gets no answer. That one gets its own, unless it has begun:
 * then the connection closes when what has been written is out.
 * @param counts where it is counted, if anywhere
 * @param findSelection which requests are logged at present; all by default
 */
export function createMalformedRequestListener(
  log: Logger,
  counts?: RequestCounts,
  findSelection: () => SelectRequest | undefined = () => undefined,
): MalformedRequestListener {
  function record({ code }: HttpProblem, entry: MalformedRequest, socket: Socket): void {
    counts?.end({ protocol: "http", target: "malformed", code }, entry.status, undefined);
    if (findSelection()?.(findFault({ code }), "info") === false) {
      return;
    }
    const remoteAddress = toPlainAddress(socket.remoteAddress);
    log.info({ protocol: "http", code, remoteAddress, ...entry }, "request");
  }

  return (error, socket) => {
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const problem = toProblem(error.code);
    const cause = error.code;
    const answer: unknown = Reflect.get(socket, "_httpMessage");
    if (!(answer instanceof ServerResponse)) {
      if (isParsingBody(socket)) {
        // Of a request that has been answered already.
        socket.destroySoon();
        return;
      }
      const requestId = createRequestId();
      record(problem, { status: problem.status, requestId, cause }, socket);
      socket.end(printResponse(problem, requestId));
      return;
    }
    const { req: request } = answer;
    const hasLeft = !request.complete && cause === "HPE_INVALID_EOF_STATE";
    // Node no longer listens to a connection with CONNECT, and would not notice that its client leaves.
    const isWatched = cause !== "CONNECT";
    if (request.complete) {
      record(problem, { cause }, socket);
    } else if (!hasLeft) {
      // It is the body of the request that is being answered, and that has a line of its own.
      reportBodyFault(request, cause === "ERR_HTTP_REQUEST_TIMEOUT" ? "late" : "malformed");
    }
    if (answer.headersSent || hasLeft || !isWatched) {
      // What has been written goes out: a client sees that an answer which is not whole has been cut.
      socket.destroySoon();
    } else {
      answer.shouldKeepAlive = false;
    }
  };
}

/** What is logged of one. Without status and ID where it is not answered. */
interface MalformedRequest {
  readonly status?: number;
  readonly requestId?: string;
  readonly cause: string | undefined;
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
    case "CONNECT":
      return {
        status: 501,
        code: "unimplemented",
        message: "CONNECT is not supported: this server is not a proxy",
      };
    default:
      return { status: 400, code: "invalid_argument", message: "malformed HTTP request" };
  }
}
