import {
  createServer as createHttp1Server,
  type Server as Http1Server,
  type IncomingMessage,
} from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Guard } from "../http/guard.js";
import type { HttpLimits } from "../http/http-limits.js";
import type { Lingering } from "./lingering.js";
import type { PortConfig } from "./listen-config.js";
import { createRequestTaker } from "./request-taker.js";
import type { TlsOptions } from "./tls-options.js";
import type { Turns } from "./turns.js";

/** The HTTP/1.1 server, in the clear or with TLS, that owns a port. It is not bound yet. */
export function createPortOwner(
  config: PortConfig,
  tls: TlsOptions | undefined,
  limits: HttpLimits,
  guard: Guard,
  turns: Turns,
  lingering: Lingering,
): Http1Server | HttpsServer {
  const options = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    maxHeaderSize: limits.maxHeaderBytes,
    connectionsCheckingInterval: limits.checkIntervalMs,
    noDelay: true,
    // The request listener answers a missing Host itself, as problem details.
    requireHostHeader: false,
  };
  const cut = (_: unknown, { socket }: IncomingMessage) => socket.destroy();
  const onRequest = guard.wrap(createRequestTaker(false, guard, turns, lingering), cut);
  const onExpectation = guard.wrap(createRequestTaker(true, guard, turns, lingering), cut);
  const server =
    tls === undefined
      ? createHttp1Server(options, onRequest)
      : createHttpsServer(
          {
            ...options,
            ...tls,
            ALPNProtocols: ["h2", "http/1.1"],
            handshakeTimeout: limits.tlsHandshakeTimeoutMs,
          },
          onRequest,
        );
  // Without a listener, Node asks for every body, also of calls that are rejected by their headers.
  server.on("checkContinue", onExpectation);
  // Without a listener, Node rejects an unknown expectation itself, without our headers.
  server.on("checkExpectation", onRequest);
  server.maxConnections = config.maxConnections;
  // Their size is bounded. Node would leave out what is behind the thousandth, such as a second Host.
  server.maxHeadersCount = 0;
  // Node's time-outs are for what comes in; this one is also for what the client does not take.
  server.timeout = limits.requestTimeoutMs;
  const onTimeout = guard.wrap(
    (socket: Socket) => {
      const isBetweenRequests = !Reflect.get(socket, "_httpMessage");
      // An answer that is quiet, such as a watch, goes on.
      if (isBetweenRequests || socket.writableLength > 0) {
        socket.destroy();
      }
    },
    (_, socket) => socket.destroy(),
  );
  server.on("timeout", onTimeout);
  return server;
}
