import type { Socket } from "node:net";

/**
 * Finds the HTTP/1.1 connections without a request, not even the first bytes of one, and without a
 * response that is not out yet. Only Node's parsers know the former, and the one way to ask them is
 * `server.closeIdleConnections()`, which destroys what it finds: so nothing can be destroyed meanwhile.
 *
 * @param closeIdleConnections Node's own, of the server that has these connections
 */
export function findIdleConnections(
  connections: Iterable<Socket>,
  closeIdleConnections: () => void,
): Set<Socket> {
  const idle = new Set<Socket>();
  const all = [...connections];
  for (const socket of all) {
    socket.destroy = () => {
      if (socket.writableLength === 0 && !Reflect.get(socket, "_httpMessage")) {
        idle.add(socket);
      }
      return socket;
    };
  }
  try {
    closeIdleConnections();
  } finally {
    for (const socket of all) {
      Reflect.deleteProperty(socket, "destroy");
    }
  }
  return idle;
}
