import {
  createServer as createHttp1Server,
  type Server as Http1Server,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { createServer as createHttpsServer, Server as HttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { PortConfig } from "../config/config.js";
import { ConfigError } from "../errors.js";
import type { Files } from "../files/files.js";
import type { BrokenSessionListener } from "./broken-session.js";
import type { ExchangeListener } from "./http-exchange.js";
import type { HttpLimits } from "./http-limits.js";
import { Http1Exchange } from "./http1-exchange.js";
import { type Http2SessionCheck, serveSession } from "./http2-session.js";
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
   * Stops accepting, lets what is in flight finish, and cuts the rest after the time-out.
   * @param timeoutMs from 0; resolves no later than shortly after it
   */
  close(timeoutMs: number): Promise<void>;
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
  listener: ExchangeListener,
  malformedRequestListener: MalformedRequestListener,
  brokenSessionListener: BrokenSessionListener = () => {},
): Promise<PortListener> {
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const sessions = new Map<ServerHttp2Session, Http2SessionCheck>();
  const http1 = createPortOwner(config, files, limits, listener);
  http1.on("clientError", malformedRequestListener);
  const acceptHttp2 = createHttp2Side(limits, listener, sessions, brokenSessionListener);

  const isMutual = config.tls?.clientCaFile !== undefined;
  const connectionEvent = config.tls === undefined ? "connection" : "secureConnection";
  const [acceptHttp1] = http1.listeners(connectionEvent);
  if (acceptHttp1 === undefined) {
    throw new Error(`Node's server has no listener for ${connectionEvent}`);
  }
  http1.removeAllListeners(connectionEvent);
  http1.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.setKeepAlive(true, limits.tcpKeepAliveMs);
    socket.once("close", () => sockets.delete(socket));
  });
  http1.on(connectionEvent, (socket: Socket) => {
    undecided.add(socket);
    socket.once("close", () => undecided.delete(socket));
    sniffHttpVersion(socket, limits.headersTimeoutMs, (version) => {
      undecided.delete(socket);
      if (version === "http2") {
        // As Node's own HTTP/2 servers have it: a connection that its client has closed is closed.
        socket.allowHalfOpen = false;
        acceptHttp2(socket);
      } else {
        Reflect.apply(acceptHttp1, http1, [socket]);
        socket.resume();
      }
    });
  });

  const { address, port } = await bind(http1, config);
  const checks = setInterval(() => {
    for (const check of sessions.values()) {
      check();
    }
  }, limits.checkIntervalMs).unref();
  const host = address.includes(":") ? `[${address}]` : address;
  return {
    url: `${config.tls === undefined ? "http" : "https"}://${host}:${port}`,
    get openConnections() {
      return sockets.size;
    },
    close(timeoutMs) {
      return new Promise((resolve) => {
        const cut = setTimeout(() => {
          for (const socket of sockets) {
            socket.destroy();
          }
        }, timeoutMs);
        http1.close(() => {
          clearTimeout(cut);
          clearInterval(checks);
          resolve();
        });
        for (const session of sessions.keys()) {
          session.close();
        }
        for (const socket of undecided) {
          socket.destroy();
        }
      });
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
  const onRequest = (request: IncomingMessage, response: ServerResponse) =>
    listener(new Http1Exchange(request, response));
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
  // An expectation that Node does not know it would refuse by itself, without our headers.
  server.on("checkExpectation", onRequest);
  server.maxConnections = config.maxConnections;
  // Node's time-outs are for what comes in; this one is also for what the client does not take.
  server.timeout = limits.requestTimeoutMs;
  server.on("timeout", (socket: Socket) => {
    const isBetweenRequests = !Reflect.get(socket, "_httpMessage");
    // An answer that is quiet, such as a watch, goes on.
    if (isBetweenRequests || socket.writableLength > 0) {
      socket.destroy();
    }
  });
  return server;
}

function createHttp2Side(
  limits: HttpLimits,
  listener: ExchangeListener,
  sessions: Map<ServerHttp2Session, Http2SessionCheck>,
  brokenSessionListener: BrokenSessionListener,
): (socket: Socket) => void {
  const server = createHttp2Server({
    settings: {
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeaderBytes,
      enablePush: false,
    },
  });
  // Node destroys the session itself; the listener only keeps the error from being thrown.
  server.on("sessionError", () => {});
  return (socket) => {
    // Node makes the session of a connection at once.
    server.once("session", (session) => {
      sessions.set(session, serveSession(session, socket, limits, listener));
      session.once("close", () => sessions.delete(session));
      session.on("error", (error) => brokenSessionListener(error, socket));
    });
    server.emit("connection", socket);
  };
}

function bind(server: Http1Server | HttpsServer, { host, port }: PortConfig): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        new ConfigError([
          {
            key:
              error.code === "EADDRINUSE" || error.code === "EACCES"
                ? "listen.port"
                : "listen.host",
            problem: `cannot listen on ${host} port ${port} (${error.code ?? error.message})`,
            fix: "Choose another address or port in listen, or with ICE_HOST and ICE_PORT; port 0 picks a free one",
          },
        ]),
      );
    });
    server.listen({ host, port, backlog: 1024 }, () => {
      const address = server.address();
      if (address === null || typeof address === "string") {
        reject(new Error("the server has no TCP address"));
      } else {
        resolve(address);
      }
    });
  });
}
