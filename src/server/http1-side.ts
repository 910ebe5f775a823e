import type { Server as Http1Server, IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { endNothing, type Guard } from "../http/guard.js";
import { RequestHeaders } from "../http/request-headers.js";
import type { Lingering } from "./lingering.js";
import type { MalformedRequestListener } from "./malformed-request.js";
import { findParser } from "./node-parser.js";
import { SentAhead } from "./sent-ahead.js";
import {
  isForTunnel,
  losesTrack,
  overlookUpgrade,
  printWithoutUpgrade,
} from "./upgrade-request.js";

/** What `onIncoming` returns to stop llhttp behind the headers (HPE_PAUSED). */
const stopParsing = 21;

const tunnelRefused = Object.assign(new Error("this server is not a proxy"), { code: "CONNECT" });

/**
 * Takes Node's HTTP/1.1 side off a server, and returns what serves a connection by it. The requests of
 * a connection are handed out one at a time, each when the answer before has left the process.
 *
 * @param connectionEvent by which Node would take connections itself
 */
export function createHttp1Side(
  server: Http1Server,
  connectionEvent: "connection" | "secureConnection",
  guard: Guard,
  malformedRequestListener: MalformedRequestListener,
  lingering: Lingering,
): (socket: Socket) => void {
  const [accept] = server.listeners(connectionEvent);
  if (accept === undefined) {
    throw new Error(`Node's server has no listener for ${connectionEvent}`);
  }
  server.removeAllListeners(connectionEvent);
  const serve = (socket: Socket) => {
    Reflect.apply(accept, server, [socket]);
    lookAtRequests(socket);
    socket.resume();
  };

  const refused = new WeakSet<Socket>();
  const refuse = (error: NodeJS.ErrnoException, socket: Socket) => {
    // The rest of what has been refused makes the parser fail, too.
    if (refused.has(socket) || lingering.isEnding(socket)) {
      return;
    }
    refused.add(socket);
    malformedRequestListener(error, socket);
    if (socket.writableEnded) {
      lingering.noteEnd(socket);
    } else {
      // It ends with the answer under way.
      lingering.lingerAtEnd(socket);
    }
  };
  const onClientError = guard.wrap(
    (error: NodeJS.ErrnoException, socket: Duplex) => {
      if (!(socket instanceof Socket)) {
        socket.destroy();
      } else if (!SentAhead.of(socket).keep(error)) {
        refuse(error, socket);
      }
    },
    (_, __, socket) => socket.destroy(),
  );
  const onUpgrade = guard.wrap(
    (request: IncomingMessage, _: Duplex, head: Buffer) => {
      const { socket } = request;
      // Node has left it there.
      socket.removeAllListeners("timeout");
      socket.unshift(printWithoutUpgrade(request, head));
      serve(socket);
    },
    (_, request) => request.socket.destroy(),
  );
  const ignoreError = guard.wrap(endNothing, endNothing);
  const onConnect = guard.wrap(
    ({ socket }: IncomingMessage, stream: Duplex) => {
      // Node no longer listens, and an error without a listener would end the process. In front of a
      // request's body, Node 26 has a stream of its own.
      stream.on("error", ignoreError);
      socket.on("error", ignoreError);
      refuse(tunnelRefused, socket);
      // Nobody reads any more, and bytes that were not read would turn the close into a reset.
      socket.resume();
    },
    (_, request) => request.socket.destroy(),
  );
  // Node's own listener has such a connection answered, which cannot be done without TLS, and not closed.
  server.removeAllListeners("tlsClientError");
  const cutUnencrypted = guard.wrap(
    (_: Error, socket: Socket) => void socket.destroy(),
    endNothing,
  );
  server.on("tlsClientError", cutUnencrypted);
  server.on("clientError", onClientError).on("upgrade", onUpgrade).on("connect", onConnect);
  return serve;
}

/** Has the requests of a connection looked at before Node takes them up. */
function lookAtRequests(socket: Socket): void {
  const sentAhead = SentAhead.of(socket);
  const parser = findParser(socket);
  const { onIncoming } = parser;
  parser.onIncoming = (request, keepAlive) => {
    // Node's answer under way.
    const isSentAhead = Boolean(Reflect.get(socket, "_httpMessage"));
    if (losesTrack(request, isSentAhead)) {
      overlookUpgrade(request);
      return onIncoming(request, false);
    }
    const verdict = onIncoming(request, keepAlive && !hasFaultyFraming(request));
    if (!isSentAhead || isForTunnel(request)) {
      return verdict;
    }
    sentAhead.stop();
    return stopParsing;
  };
}

/** RFC 9112 section 6.1: the connection is closed after a request of HTTP/1.0 with chunks. */
function hasFaultyFraming({ httpVersion, rawHeaders }: IncomingMessage): boolean {
  return httpVersion < "1.1" && new RequestHeaders(rawHeaders).find("transfer-encoding") !== null;
}
