import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A connection whose client writes bytes and keeps all that comes. */
export interface RawConnection {
  readonly socket: Socket;
  received(): string;
  /** Settles with what was received when the connection has closed; rejects when it was reset. */
  readonly closed: Promise<string>;
}

/** Connects to a loopback port; rejects when it is refused. */
export async function openRawConnection(port: number): Promise<RawConnection> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return followConnection(socket);
}

/** The same for a socket that is connected already, such as over TLS. */
export function followConnection(socket: Socket): RawConnection {
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk;
  });
  const closed = new Promise<string>((resolve, reject) => {
    socket.on("error", reject);
    socket.once("close", () => resolve(received));
  });
  // Not everybody waits for the end.
  closed.catch(() => {});
  return { socket, received: () => received, closed };
}

/** Whether nobody listens on this loopback port any more. */
export async function isRefused(port: number): Promise<boolean> {
  try {
    const { socket } = await openRawConnection(port);
    socket.destroy();
    return false;
  } catch {
    return true;
  }
}
