import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";

export interface ByteCounter {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** The payload bytes of TCP in both directions since the last call. */
  take(): { readonly sent: number; readonly received: number };
  stop(): Promise<void>;
}

/**
 * Forwards TCP connections to a port of 127.0.0.1, and counts the bytes that clients send and receive.
 */
export async function startByteCounter(port: number): Promise<ByteCounter> {
  let sent = 0;
  let received = 0;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    near.on("data", (bytes) => {
      sent += bytes.length;
    });
    far.on("data", (bytes) => {
      received += bytes.length;
    });
    near.pipe(far).pipe(near);
    server.once("stop", () => near.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // An AddressInfo, because it listens on a port.
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    take() {
      const taken = { sent, received };
      sent = 0;
      received = 0;
      return taken;
    },
    async stop() {
      server.emit("stop");
      server.close();
      await once(server, "close");
    },
  };
}
