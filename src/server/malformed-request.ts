import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { Code } from "@connectrpc/connect";
import { problemContentType } from "../rpc/rest/problem-details.js";
import { type HttpProblem, headersTooLarge, printProblem } from "./http-problem.js";

/** Answers what Node's HTTP/1.1 parser refuses, and closes the connection. */
export function answerMalformedRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET" || Reflect.get(socket, "_httpMessage")) {
    socket.destroy();
    return;
  }
  const problem = toProblem(error.code);
  const body = printProblem(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `Content-Type: ${problemContentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Cache-Control: no-store",
    "X-Content-Type-Options: nosniff",
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

function toProblem(code: string | undefined): HttpProblem {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return headersTooLarge;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return { status: 408, code: Code.DeadlineExceeded, message: "the request came too slowly" };
    default:
      return { status: 400, code: Code.InvalidArgument, message: "malformed HTTP request" };
  }
}
