import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below the ports that the system gives to outgoing connections, so that none of these takes the
 * port between our look and the server's start. Relays use the ports above, see coturn.ts.
 */
const range = { first: 10_000, last: 24_999 };

/** Finds a loopback port on which neither TCP nor UDP is in use. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = range.first + Math.floor(Math.random() * (range.last - range.first + 1));
    if (await isFree(port)) {
      return port;
    }
  }
  throw new Error("found no free port in 100 attempts");
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const socket = createSocket("udp4");
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    socket.bind(port, "127.0.0.1");
    await once(socket, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
    socket.close();
  }
}
