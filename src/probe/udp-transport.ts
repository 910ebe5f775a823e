import { createSocket } from "node:dgram";
import { toProbeError } from "./network-error.js";
import { Inbox, type Transport } from "./transport.js";
import type { TransportAddress } from "./transport-address.js";

export interface UdpTransport extends Transport {
  /** What the system sends from, before any NAT. */
  readonly local: TransportAddress;
}

/**
 * Opens a UDP socket that is connected to the other end: the system then passes on only what comes
 * from that address and port, and reports ICMP errors.
 *
 * @throws ProbeError when there is no route; the signal's reason when that comes first
 */
export function openUdpTransport(
  { address, port, family }: TransportAddress,
  signal: AbortSignal,
): Promise<UdpTransport> {
  signal.throwIfAborted();
  const socket = createSocket(family === "ipv6" ? "udp6" : "udp4");
  const inbox = new Inbox();
  let open = true;
  const close = () => {
    if (open) {
      open = false;
      socket.close();
    }
  };
  const send = (message: Uint8Array) => {
    if (open) {
      socket.send(message, (error) => {
        if (error !== null) {
          inbox.fail(toProbeError(error));
        }
      });
    }
  };
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      close();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", (error) => {
      const failure = toProbeError(error);
      inbox.fail(failure);
      close();
      reject(failure);
    });
    socket.on("message", (bytes) => inbox.receive(bytes));
    socket.once("connect", () => {
      signal.removeEventListener("abort", onAbort);
      const local = socket.address();
      resolve({
        reliable: false,
        inbox,
        send,
        close,
        local: { address: local.address, port: local.port, family },
      });
    });
    socket.connect(port, address);
  });
}
