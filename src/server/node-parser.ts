import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Node's HTTP/1.1 parser of a connection: the undocumented part of it that we use. */
export interface NodeParser {
  /**
   * Called when the headers of a request have been parsed.
   * @param keepAlive whether the answer may leave the connection open
   * @returns for llhttp: 0 to go on
   */
  onIncoming(request: IncomingMessage, keepAlive: boolean): number;
  /** Ends a stop. */
  resume(): void;
}

/** @throws Error when Node has changed */
export function findParser(socket: Socket): NodeParser {
  const parser: unknown = Reflect.get(socket, "parser");
  if (!isParser(parser)) {
    throw new Error("Node's HTTP/1.1 parser is not where it was");
  }
  return parser;
}

/** Whether the parser has come to the body of a request. */
export function isParsingBody(socket: Socket): boolean {
  const parser: unknown = Reflect.get(socket, "parser");
  const request: unknown = parser instanceof Object && Reflect.get(parser, "incoming");
  return request instanceof IncomingMessage && !request.complete;
}

function isParser(value: unknown): value is NodeParser {
  return (
    value instanceof Object &&
    "onIncoming" in value &&
    typeof value.onIncoming === "function" &&
    "resume" in value &&
    typeof value.resume === "function"
  );
}
