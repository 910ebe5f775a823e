import {
  createServer as createHttp1Server,
  type Server as Http1Server,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { performServerHandshake, type ServerHttp2Session } from "node:http2";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { PortConfig } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { Files } from "../files/files.js";
import { endNothing, type Guard } from "../http/guard.js";
import type { ExchangeListener } from "../http/http-exchange.js";
import type { HttpLimits } from "../http/http-limits.js";
import type { BrokenSessionListener } from "./broken-session.js";
import { type ConnectionGate, guardConnections } from "./connection-gate.js";
import { deferDestroy } from "./deferred-destroy.js";
import { type CloseOptions, Draining } from "./draining.js";
import { Http1Exchange } from "./http1-exchange.js";
import { type Http2SessionCheck, serveSession } from "./http2-session.js";
import { describeListenFailure } from "./listen-failure.js";
import type { MalformedRequestListener } from "./malformed-request.js";
import { sniffHttpVersion } from "./protocol-sniffer.js";
import { loadTlsOptions } from "./tls-options.js";

/** A bound port. */
export interface PortListener {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** How many clients are connected. */
  readonly openConnections: number;
  /**
   * Asks HTTP/2 clients to leave; HTTP/1.1 clients are to be asked by the responses. Requests and
   * connections are still taken.
   */
  drain(): void;
  /**
   * Drains, stops accepting, lets what is in flight finish, and cuts the rest after the time-out.
   * Settles no later than shortly after it.
   */
  close(options: CloseOptions): Promise<void>;
  /**
   * Reads what of a changed configuration can be taken over, such as a new certificate.
   * @returns what puts it into effect, for new connections
   * @throws ConfigError when the TLS files cannot be used
   */
  prepare(config: PortConfig, files: Files): () => void;
}

/**
 * Serves HTTP/1.1 and HTTP/2 on one port: in the clear (HTTP/2 by prior knowledge) or with TLS (by
 * ALPN). Node's HTTP/1.1 server owns the port, so that its time-outs and its connection list work;
 * HTTP/2 connections are handed on before it sees them.
 *
 * @throws ConfigError when the address cannot be bound or the TLS files cannot be used
 */
export async function openPort(
  config: PortConfig,
  files: Files,
  limits: HttpLimits,
  guard: Guard,
  listener: ExchangeListener,
  malformedRequestListener: MalformedRequestListener,
  brokenSessionListener: BrokenSessionListener = () => {},
  gate?: ConnectionGate,
): Promise<PortListener> {
  const sessions = new Map<ServerHttp2Session, Http2SessionCheck>();
  const http1 = createPortOwner(config, files, limits, guard, listener);
  const onClientError = guard.wrap(malformedRequestListener, (_, __, socket) => socket.destroy());
  http1.on("clientError", onClientError);
  const draining = new Draining(http1, guard);
  const acceptHttp2 = createHttp2Side(
    limits,
    guard,
    listener,
    sessions,
    draining,
    brokenSessionListener,
  );

  const isMutual = config.tls?.clientCaFile !== undefined;
  const connectionEvent = config.tls === undefined ? "connection" : "secureConnection";
  const [acceptHttp1] = http1.listeners(connectionEvent);
  if (acceptHttp1 === undefined) {
    throw new Error(`Node's server has no listener for ${connectionEvent}`);
  }
  http1.removeAllListeners(connectionEvent);
  const cutSocket = (_: unknown, socket: Socket) => socket.destroy();
  const onConnection = guard.wrap((socket: Socket) => {
    draining.addSocket(socket);
    socket.setKeepAlive(true, limits.tcpKeepAliveMs);
  }, cutSocket);
  const onReadableConnection = guard.wrap((socket: Socket) => {
    const bytesReadBefore = socket.bytesRead;
    const serve = () =>
      sniffHttpVersion(socket, limits.headersTimeoutMs, guard, (version) => {
        if (version === "http2") {
          // As Node's own HTTP/2 servers have it: a connection that its client has closed is closed.
          socket.allowHalfOpen = false;
          acceptHttp2(socket);
        } else {
          draining.addHttp1(socket, bytesReadBefore);
          Reflect.apply(acceptHttp1, http1, [socket]);
          socket.resume();
        }
      });
    draining.admit(
      socket,
      guard.wrap(serve, () => socket.destroy()),
    );
  }, cutSocket);
  http1.on("connection", onConnection);
  http1.on(connectionEvent, onReadableConnection);

  const { address, port } = await bind(http1, config, guard);
  if (gate !== undefined) {
    guardConnections(http1, gate, guard);
  }
  const checkSession = guard.wrap(
    (_: ServerHttp2Session, check: Http2SessionCheck) => check(),
    (_, session) => session.destroy(),
  );
  const checkSessions = guard.wrap(() => {
    for (const [session, check] of sessions) {
      checkSession(session, check);
    }
  }, endNothing);
  const checks = setInterval(checkSessions, limits.checkIntervalMs).unref();
  const host = address.includes(":") ? `[${address}]` : address;
  return {
    url: `${config.tls === undefined ? "http" : "https"}://${host}:${port}`,
    get openConnections() {
      return draining.openConnections;
    },
    drain: () => draining.begin(),
    async close(options) {
      await draining.close(options);
      clearInterval(checks);
    },
    prepare({ tls, maxConnections }, nextFiles) {
      const tlsOptions = tls === undefined ? undefined : loadTlsOptions(tls, nextFiles);
      return () => {
        http1.maxConnections = maxConnections;
        // Whether clients are asked for a certificate is set for the server's life. With a context of
        // the other kind it would take whom the system's own authorities have signed.
        if (http1 instanceof HttpsServer && tlsOptions?.requestCert === isMutual) {
          http1.setSecureContext(tlsOptions);
        }
      };
    },
  };
}

function createPortOwner(
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

function createHttp2Side(
  limits: HttpLimits,
  guard: Guard,
  listener: ExchangeListener,
  sessions: Map<ServerHttp2Session, Http2SessionCheck>,
  draining: Draining,
  brokenSessionListener: BrokenSessionListener,
): (socket: Socket) => void {
  const settings = {
    maxConcurrentStreams: limits.maxConcurrentStreams,
    maxHeaderListSize: limits.maxHeaderBytes,
    enablePush: false,
  };
  return (socket) => {
    // Not by way of a server and its "session" event, which would not say whose session it is.
    const session = performServerHandshake(socket, { settings });
    deferDestroy(session, guard);
    const forget = guard.wrap(() => sessions.delete(session), endNothing);
    const onError = guard.wrap(
      (error: NodeJS.ErrnoException) => brokenSessionListener(error, socket),
      endNothing,
    );
    session.on("error", onError).on("close", forget);
    sessions.set(session, serveSession(session, socket, limits, guard, listener));
    draining.addHttp2(session, socket);
  };
}

function bind(
  server: Http1Server | HttpsServer,
  { host, port }: PortConfig,
  guard: Guard,
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = guard.wrap((error: NodeJS.ErrnoException) => {
      reject(new ConfigError([describeListenFailure(error, host, port)]));
    }, endNothing);
    // Stays: an error without a listener would end the process, whenever it came.
    server.on("error", onError);
    const onListening = guard.wrap(() => {
      const address = server.address();
      if (address === null || typeof address === "string") {
        reject(new Error("the server has no TCP address"));
      } else {
        resolve(address);
      }
    }, endNothing);
    server.listen({ host, port, backlog: 1024 }, onListening);
  });
}

/** A client that does not wait for its answer is no error of ours. */
function ignoreError(): void {}
