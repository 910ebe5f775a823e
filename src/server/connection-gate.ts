import type { Server, Socket } from "node:net";
import { endNothing, type Guard } from "../http/guard.js";
import type { ConnectionRefusals } from "./connection-refusals.js";
import type { FailedHandshakes } from "./failed-handshakes.js";
import type { Listener, OpenFiles } from "./open-files.js";

/** What decides whether a new connection may stay. */
export interface ConnectionGate {
  readonly listener: Listener;
  readonly openFiles: OpenFiles;
  readonly refusals: ConnectionRefusals;
  /** Absent where there is no TLS. */
  readonly failedHandshakes?: FailedHandshakes;
}

/**
 * Puts a check before all that a server does with its new connections, and has those counted that it
 * refuses itself.
 *
 * `server.maxConnections` stays Node's business: in a worker, Node then leaves a connection to
 * another one, and only when all are full, the primary closes and counts it.
 */
export function guardConnections(
  server: Server,
  { listener, openFiles, refusals, failedHandshakes }: ConnectionGate,
  guard: Guard,
): void {
  const acceptors = server.listeners("connection");
  server.removeAllListeners("connection");
  const onConnection = guard.wrap(
    (socket: Socket) => {
      if (!openFiles.hasRoomFor(findDescriptor(socket), listener)) {
        socket.destroy();
        refusals.add(listener, "open_files");
        return;
      }
      for (const accept of acceptors) {
        Reflect.apply(accept, server, [socket]);
      }
    },
    (_, socket) => socket.destroy(),
  );
  const onDrop = guard.wrap(() => refusals.add(listener, "max_connections"), endNothing);
  const onError = guard.wrap(() => refusals.add(listener, "accept_failed"), endNothing);
  server.on("connection", onConnection).on("drop", onDrop).on("error", onError);
  const onTlsError = guard.wrap((error: unknown) => failedHandshakes?.add(error), endNothing);
  server.on("tlsClientError", onTlsError);
}

/** Not documented, but present in every version of Node on POSIX. */
function findDescriptor(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  const descriptor: unknown = handle instanceof Object ? Reflect.get(handle, "fd") : undefined;
  return typeof descriptor === "number" ? descriptor : undefined;
}
