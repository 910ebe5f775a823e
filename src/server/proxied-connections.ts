import type { Server, Socket } from "node:net";
import { endNothing, type Guard } from "../http/guard.js";
import { parseProxyHeader } from "./proxy-header.js";

export interface ProxiedConnections {
  /** Whether connections from this address begin with a PROXY protocol header. */
  isBalancer(address: string): boolean;
  /** For the whole header, from the start of the connection. */
  readonly timeoutMs: number;
  /** Called when the header is complete, before anything else reads the connection. */
  onHeader(socket: Socket, headerBytes: number): void;
  /** Called when a connection has been closed for a header that is malformed, or has not come in time. */
  onFault(): void;
}

/**
 * Takes the PROXY protocol header off connections before the listeners that a server has now see them,
 * and has the sockets name the client's address as that of their peer. A connection from a balancer
 * without a valid header is closed.
 */
export function takeProxyHeaders(server: Server, options: ProxiedConnections, guard: Guard): void {
  const acceptors = server.listeners("connection");
  server.removeAllListeners("connection");
  const accept = (socket: Socket) => {
    for (const acceptor of acceptors) {
      Reflect.apply(acceptor, server, [socket]);
    }
  };
  const onConnection = guard.wrap(
    (socket: Socket) => {
      const { remoteAddress } = socket;
      if (remoteAddress === undefined) {
        // The client has reset it already.
        socket.destroy();
      } else if (options.isBalancer(remoteAddress)) {
        takeProxyHeader(socket, options, guard, () => accept(socket));
      } else {
        accept(socket);
      }
    },
    (_, socket) => socket.destroy(),
  );
  server.on("connection", onConnection);
}

function takeProxyHeader(
  socket: Socket,
  { timeoutMs, onHeader, onFault }: ProxiedConnections,
  guard: Guard,
  accept: () => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const cut = guard.wrap(() => socket.destroy(), endNothing);
  const refuse = guard.wrap(() => {
    socket.destroy();
    onFault();
  }, cut);
  const timer = setTimeout(refuse, timeoutMs);
  const onData = guard.wrap((chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const header = parseProxyHeader(seen);
    if (header === "malformed") {
      refuse();
    } else if (header !== "incomplete") {
      stop();
      // The next reader has it flow again.
      socket.pause();
      if (seen.length > header.length) {
        socket.unshift(seen.subarray(header.length));
      }
      if (header.sourceAddress !== undefined) {
        renamePeer(socket, header.sourceAddress);
      }
      onHeader(socket, header.length);
      accept();
    }
  }, cut);
  const stop = guard.wrap(() => {
    clearTimeout(timer);
    socket.off("data", onData).off("end", cut).off("error", cut).off("close", stop);
  }, endNothing);
  socket.on("data", onData).on("end", cut).on("error", cut).on("close", stop);
}

/**
 * Has `socket.remoteAddress` be another address, also that of a TLS socket made of this one. Node asks
 * the handle once and remembers what it says; a TLS socket asks the handle below.
 */
function renamePeer(socket: Socket, address: string): void {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (handle instanceof Object) {
    const tellPeer = (peer: object) => {
      Object.assign(peer, { address, family: address.includes(":") ? "IPv6" : "IPv4" });
      return 0;
    };
    Reflect.set(handle, "getpeername", tellPeer);
    Reflect.set(socket, "_peername", undefined);
  }
}
