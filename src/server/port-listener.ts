import { Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { Files } from "../files/files.js";
import { createPeerTrust } from "../http/client-address.js";
import { endNothing } from "../http/guard.js";
import type { ExchangeListener } from "../http/http-exchange.js";
import { type AgingOptions, ConnectionAges } from "./connection-ages.js";
import { type ConnectionGate, guardConnections } from "./connection-gate.js";
import { type CloseOptions, Draining } from "./draining.js";
import { createHttp1Side } from "./http1-side.js";
import { Http2Farewell } from "./http2-farewell.js";
import { type Http2Options, Http2Side } from "./http2-side.js";
import { Lingering } from "./lingering.js";
import type { PortConfig } from "./listen-config.js";
import type { MalformedRequestListener } from "./malformed-request.js";
import { bindPort } from "./port-binding.js";
import { createPortOwner } from "./port-owner.js";
import { sniffHttpVersion } from "./protocol-sniffer.js";
import { takeProxyHeaders } from "./proxied-connections.js";
import { RetiringConnections } from "./retiring-connections.js";
import { findFirstExpiry, loadTlsOptions } from "./tls-options.js";
import { Turns } from "./turns.js";

/** A bound port. */
export interface PortListener {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** How many clients are connected. */
  readonly openConnections: number;
  /** When the first certificate of the chain in use expires, in Unix seconds; undefined without TLS. */
  readonly certificateExpiresAtSeconds: number | undefined;
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

/** What connections age by. */
export interface PortAging extends AgingOptions {
  /** Called with {@link HttpExchange.connection} of one that has been told to end. */
  onAged(connection: object): void;
}

/** What a port is opened with. */
export interface PortOptions extends Http2Options {
  readonly files: Files;
  /** Answers every request, of either HTTP version. */
  readonly listener: ExchangeListener;
  readonly malformedRequestListener: MalformedRequestListener;
  /** With it, connections that have reached their greatest age are ended gracefully. */
  readonly aging?: PortAging;
  /** Refuses connections that the process has no room for; without it, `maxConnections` alone does. */
  readonly gate?: ConnectionGate;
}

/**
 * Serves HTTP/1.1 and HTTP/2 on one port: in the clear (HTTP/2 by prior knowledge) or with TLS (by
 * ALPN). Node's HTTP/1.1 server owns the port, so that its time-outs and its connection list work;
 * HTTP/2 connections are handed on before it sees them.
 *
 * @throws ConfigError when the address cannot be bound or the TLS files cannot be used
 */
export async function openPort(config: PortConfig, options: PortOptions): Promise<PortListener> {
  const { files, limits, guard, listener, malformedRequestListener, gate } = options;
  const turns = new Turns(guard, listener);
  const tls = config.tls && loadTlsOptions(config.tls, files);
  let ca = tls?.ca;
  let certificateExpiresAtSeconds = tls && findFirstExpiry(tls);
  const lingering = new Lingering(guard);
  const http1 = createPortOwner(config, tls, limits, guard, turns, lingering);
  const draining = new Draining(http1, guard, lingering);
  const retiring = new RetiringConnections(guard, lingering);
  const ages = options.aging && new ConnectionAges(options.aging, guard);
  const onAged = options.aging?.onAged ?? (() => {});
  const limitAge = (seconds: number | undefined) =>
    ages?.limit(seconds === undefined ? undefined : seconds * 1000);
  limitAge(config.maxConnectionAgeSeconds);
  const http2 = new Http2Side(options, turns);

  const isMutual = config.tls?.clientCaFile !== undefined;
  const connectionEvent = config.tls === undefined ? "connection" : "secureConnection";
  const serveHttp1 = createHttp1Side(
    http1,
    connectionEvent,
    guard,
    malformedRequestListener,
    lingering,
  );
  const cutSocket = (_: unknown, socket: Socket) => socket.destroy();
  const onConnection = guard.wrap((socket: Socket) => {
    draining.addSocket(socket);
    socket.setKeepAlive(true, limits.tcpKeepAliveMs);
  }, cutSocket);
  const onReadableConnection = guard.wrap((socket: Socket) => {
    // Read now, as Node keeps it from then on: a client that resets the connection has none any more.
    if (socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const bytesReadBefore = draining.findForeignBytes(socket) ?? socket.bytesRead;
    const serve = () =>
      sniffHttpVersion(socket, limits.headersTimeoutMs, guard, (version) => {
        if (version === "http2") {
          // As Node's own HTTP/2 servers have it: a connection that its client has closed is closed.
          socket.allowHalfOpen = false;
          const { session, connection } = http2.serve(socket);
          const farewell = new Http2Farewell(session, socket, guard);
          draining.addHttp2(session, farewell);
          ages?.add(socket, () => {
            retiring.retireHttp2(farewell);
            onAged(connection);
          });
        } else {
          draining.addHttp1(socket, bytesReadBefore);
          ages?.add(socket, () => {
            retiring.retireHttp1(socket);
            onAged(socket);
          });
          serveHttp1(socket);
        }
      });
    draining.admit(
      socket,
      guard.wrap(serve, () => socket.destroy()),
    );
  }, cutSocket);
  http1.on(connectionEvent, onReadableConnection);
  let isBalancer = createPeerTrust(config.proxyProtocolFrom ?? []);
  const proxied = {
    isBalancer: (address: string) => isBalancer(address),
    timeoutMs: limits.proxyHeaderTimeoutMs,
    onHeader: (socket: Socket, bytes: number) => draining.noteForeignBytes(socket, bytes),
    onFault: () => gate?.refusals.add(gate.listener, "proxy_header"),
  };
  takeProxyHeaders(http1, proxied, guard);
  // First of all: what waits for its header is open too.
  http1.prependListener("connection", onConnection);

  const { address, port } = await bindPort(http1, config, guard);
  if (gate !== undefined) {
    guardConnections(http1, gate, guard);
  }
  const checkSessions = guard.wrap(() => http2.check(), endNothing);
  const checks = setInterval(checkSessions, limits.checkIntervalMs).unref();
  const host = address.includes(":") ? `[${address}]` : address;
  return {
    url: `${config.tls === undefined ? "http" : "https"}://${host}:${port}`,
    get openConnections() {
      return draining.openConnections;
    },
    get certificateExpiresAtSeconds() {
      return certificateExpiresAtSeconds;
    },
    drain: () => draining.begin(),
    async close(options) {
      await draining.close(options);
      clearInterval(checks);
    },
    prepare(nextConfig, nextFiles) {
      const { tls, maxConnections, maxConnectionAgeSeconds, proxyProtocolFrom = [] } = nextConfig;
      const tlsOptions = tls === undefined ? undefined : loadTlsOptions(tls, nextFiles);
      const isNextBalancer = createPeerTrust(proxyProtocolFrom);
      return () => {
        http1.maxConnections = maxConnections;
        isBalancer = isNextBalancer;
        limitAge(maxConnectionAgeSeconds);
        if (http1 instanceof HttpsServer && tlsOptions !== undefined) {
          // Whether clients are asked for a certificate is set for the server's life. Without the
          // authorities of that kind, it would take whom the system's own ones have signed.
          if (tlsOptions.requestCert === isMutual) {
            ({ ca } = tlsOptions);
          }
          http1.setSecureContext({ ...tlsOptions, ca });
          certificateExpiresAtSeconds = findFirstExpiry(tlsOptions);
        }
      };
    },
  };
}
