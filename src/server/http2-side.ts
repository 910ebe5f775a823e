import { performServerHandshake, type ServerHttp2Session, type Settings } from "node:http2";
import type { Socket } from "node:net";
import { endNothing, type Guard } from "../http/guard.js";
import type { HttpLimits } from "../http/http-limits.js";
import { toPlainAddress } from "../ip-address.js";
import type { Logger } from "../observability/logger.js";
import { isClientGone } from "./gone-client.js";
import type { Http2Connection } from "./http2-exchange.js";
import { type Http2SessionCheck, serveSession } from "./http2-session.js";
import type { Turns } from "./turns.js";

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
  readonly #sessions = new Map<ServerHttp2Session, Http2SessionCheck>();
  readonly #settings: Settings;
  readonly #checkSession: (session: ServerHttp2Session, check: Http2SessionCheck) => void;

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
      (_, check) => check(),
      (_, session) => session.destroy(),
    );
  }

  /** Serves a connection that speaks HTTP/2. */
  serve(socket: Socket): { session: ServerHttp2Session; connection: Http2Connection } {
    const { limits, guard, brokenSessionListener } = this.#options;
    // Without a server and its "session" event, which would not identify the session's socket.
    const session = performServerHandshake(socket, { settings: this.#settings });
    deferDestroy(session, guard);
    const forget = guard.wrap(() => this.#sessions.delete(session), endNothing);
    const onError = guard.wrap(
      (error: NodeJS.ErrnoException) => brokenSessionListener?.(error, socket),
      endNothing,
    );
    session.on("error", onError).on("close", forget);
    const connection = { remoteAddress: socket.remoteAddress };
    const check = serveSession(session, socket, connection, limits, guard, this.#turns);
    this.#sessions.set(session, check);
    return { session, connection };
  }

  /** Ends connections that have outlived their limit. Must be called now and then. */
  check(): void {
    for (const [session, check] of this.#sessions) {
      this.#checkSession(session, check);
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
 */
function deferDestroy(session: ServerHttp2Session, guard: Guard): void {
  const destroy = session.destroy.bind(session);
  session.destroy = (error, code) => {
    setImmediate(guard.wrap(() => destroy(error, code), endNothing));
  };
}
