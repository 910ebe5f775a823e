import { performServerHandshake, type ServerHttp2Session, type Settings } from "node:http2";
import type { Socket } from "node:net";
import { endNothing, type Guard } from "../http/guard.js";
import type { HttpLimits } from "../http/http-limits.js";
import { toPlainAddress } from "../ip-address.js";
import type { Logger } from "../observability/logger.js";
import { isClientGone } from "./gone-client.js";
import type { Http2Connection } from "./http2-exchange.js";
import { type ServedSession, serveSession } from "./http2-session.js";
import type { Turns } from "./turns.js";

/**
 * `NGHTTP2_ERR_PROTO`. It is not reported after the last call of a connection: grpc-go, and so grpcurl,
 * leaves with a GOAWAY that names a stream unknown to nghttp2.
 */
const brokenRule = -505;

/** Called with the reason when an HTTP/2 connection is ended early: a broken rule, or a flood. */
export type BrokenSessionListener = (error: NodeJS.ErrnoException, socket: Socket) => void;

/** Logs one line for each such connection, because its streams may never have become requests. */
export function createBrokenSessionListener(log: Logger): BrokenSessionListener {
  return ({ code, message }, { remoteAddress }) => {
    if (!isClientGone(code)) {
      const fields = { protocol: "http", remoteAddress: toPlainAddress(remoteAddress) };
      log.info({ ...fields, cause: message }, "HTTP/2 connection ended");
    }
  };
}

/** How a port serves HTTP/2. */
export interface Http2Options {
  readonly limits: HttpLimits;
  readonly guard: Guard;
  readonly brokenSessionListener?: BrokenSessionListener;
}

/** The HTTP/2 connections of a port. */
export class Http2Side {
  readonly #options: Http2Options;
  readonly #turns: Turns;
  readonly #sessions = new Map<ServerHttp2Session, ServedSession>();
  readonly #settings: Settings;
  readonly #checkSession: (session: ServerHttp2Session, served: ServedSession) => void;

  constructor(options: Http2Options, turns: Turns) {
    const { limits, guard } = options;
    this.#options = options;
    this.#turns = turns;
    this.#settings = {
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxHeaderListSize: limits.maxHeaderBytes,
      enablePush: false,
    };
    this.#checkSession = guard.wrap(
      (_, served) => served.check(),
      (_, session) => session.destroy(),
    );
  }

  /** Serves a connection that speaks HTTP/2. */
  serve(socket: Socket): { session: ServerHttp2Session; connection: Http2Connection } {
    const { limits, guard, brokenSessionListener } = this.#options;
    // Without a server and its "session" event, which would not identify the session's socket.
    const session = performServerHandshake(socket, { settings: this.#settings });
    const forget = guard.wrap(() => this.#sessions.delete(session), endNothing);
    const connection = { remoteAddress: socket.remoteAddress };
    const served = serveSession(session, socket, connection, limits, guard, this.#turns);
    let wasAtRest: boolean | undefined;
    deferDestroy(session, guard, () => {
      wasAtRest ??= served.isAtRest();
    });
    const onError = guard.wrap((error: NodeJS.ErrnoException) => {
      if (error.errno !== brokenRule || wasAtRest !== true) {
        brokenSessionListener?.(error, socket);
      }
    }, endNothing);
    session.on("error", onError).on("close", forget);
    this.#sessions.set(session, served);
    return { session, connection };
  }

  /** Ends connections that have outlived their limit. Must be called now and then. */
  check(): void {
    for (const [session, served] of this.#sessions) {
      this.#checkSession(session, served);
    }
  }
}

/**
 * Makes a session end only after Node has read all frames that have arrived.
 *
 * Node itself destroys a session while it reads: at a GOAWAY that carries an error, and when its last
 * stream ends after a GOAWAY. It then reads on. A request among the remaining frames gets a stream
 * without a JavaScript side, and DATA on that stream aborts the process (`onread->IsFunction()`, Node
 * 22). All code that destroys a session, Node's included, calls this method.
 *
 * @param onEnd called before, while streams are still open
 */
function deferDestroy(session: ServerHttp2Session, guard: Guard, onEnd: () => void): void {
  const destroy = session.destroy.bind(session);
  session.destroy = (error, code) => {
    onEnd();
    setImmediate(guard.wrap(() => destroy(error, code), endNothing));
  };
}
