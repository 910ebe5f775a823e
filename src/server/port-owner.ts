import {
  createServer as createHttp1Server,
  type Server as Http1Server,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Files } from "../files/files.js";
import { endNothing, type Guard } from "../http/guard.js";
import type { ExchangeListener } from "../http/http-exchange.js";
import type { HttpLimits } from "../http/http-limits.js";
import { Http1Exchange } from "./http1-exchange.js";
import type { PortConfig } from "./listen-config.js";
import { loadTlsOptions } from "./tls-options.js";

/**
 * The HTTP/1.1 server, in the clear or with TLS, that owns a port. It is not bound yet.
 *
 * @throws ConfigError when the TLS files cannot be used
 */
export function createPortOwner(
  config: PortConfig,
  files: Files,
  limits: HttpLimits,
  guard: Guard,
  listener: ExchangeListener,
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
  const onResponseError = guard.wrap(ignoreError, endNothing);
  const takeRequest =
    (waitsToSend: boolean) => (request: IncomingMessage, response: ServerResponse) => {
      response.on("error", onResponseError);
      // Else it was sent ahead, and not seen before the connection's last response went out.
      if (!request.socket.writableEnded) {
        const exchange = new Http1Exchange(guard, request, response, waitsToSend);
        exchange.guard(listener)(exchange);
      }
    };
  const cut = (_: unknown, __: IncomingMessage, response: ServerResponse) => response.destroy();
  const onRequest = guard.wrap(takeRequest(false), cut);
  const onExpectation = guard.wrap(takeRequest(true), cut);
  const server =
    config.tls === undefined
      ? createHttp1Server(options, onRequest)
      : createHttpsServer(
          {
            ...options,
            ...loadTlsOptions(config.tls, files),
            ALPNProtocols: ["h2", "http/1.1"],
            handshakeTimeout: limits.tlsHandshakeTimeoutMs,
          },
          onRequest,
        );
  // By itself Node would ask for every body, also those of calls that are refused by their headers.
  server.on("checkContinue", onExpectation);
  // An expectation that Node does not know it would refuse by itself, without our headers.
  server.on("checkExpectation", onRequest);
  server.maxConnections = config.maxConnections;
  // Node's time-outs are for what comes in; this one is also for what the client does not take.
  server.timeout = limits.requestTimeoutMs;
  const onTimeout = guard.wrap(
    (socket: Socket) => {
      const isBetweenRequests = !Reflect.get(socket, "_httpMessage");
      // An answer that is quiet, such as a watch, goes on.
      // Node stops to read where too many requests were sent ahead, and learns no more of a client
      // that leaves. The answer that the others wait for may never end.
      const isNotRead = Reflect.get(socket, "_paused") === true;
      if (isBetweenRequests || isNotRead || socket.writableLength > 0) {
        socket.destroy();
      }
    },
    (_, socket) => socket.destroy(),
  );
  server.on("timeout", onTimeout);
  return server;
}

/** A client that does not wait for its answer is no error of ours. */
function ignoreError(): void {}
