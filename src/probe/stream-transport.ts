import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, rootCertificates } from "node:tls";
import { toProbeError } from "./network-error.js";
import { isTimeOut, type ProbeError, probeError } from "./probe-failure.js";
import type { ServerAddress } from "./server-address.js";
import { StreamFrames } from "./stream-frames.js";
import { toTlsError } from "./tls-error.js";
import { Inbox, type Transport } from "./transport.js";

/**
 * Connects over TCP.
 * @throws ProbeError when that fails; the signal's reason when that comes first
 */
export async function openTcpTransport(
  { address, port }: ServerAddress,
  signal: AbortSignal,
): Promise<Transport> {
  const socket = connectTcp({ host: address, port });
  await untilOpen(socket, "connect", signal, toProbeError);
  return carry(socket);
}

/**
 * Connects over TLS. The certificate must be valid for the server's host, a name or an IP address.
 * @throws ProbeError when that fails; the signal's reason when that comes first
 */
export async function openTlsTransport(
  { host, address, port }: ServerAddress,
  signal: AbortSignal,
  extraCa: string | undefined,
): Promise<Transport> {
  const connection = connectTcp({ host: address, port });
  await untilOpen(connection, "connect", signal, toProbeError);
  const socket = connectTls({
    socket: connection,
    // The name or address that the certificate must be valid for. A name is also sent as SNI (RFC 6066
    // section 3).
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ...(extraCa !== undefined && { ca: [...rootCertificates, extraCa] }),
  });
  // The TCP connection is open, so silence from here on is about TLS.
  await untilOpen(
    socket,
    "secureConnect",
    signal,
    (error) => toTlsError(error, host),
    () => probeError("not-tls", "the server takes the connection, but does not answer in TLS"),
  );
  return carry(socket);
}

/**
 * @param onTimeOut the failure of the probe if it times out in this step, if that is more specific
 */
function untilOpen(
  socket: Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
  translate: (error: unknown) => ProbeError,
  onTimeOut?: () => ProbeError,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      socket.destroy();
      const { reason } = signal;
      reject(isTimeOut(reason) && onTimeOut !== undefined ? onTimeOut() : reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", (error) => {
      socket.destroy();
      reject(signal.aborted ? signal.reason : translate(error));
    });
    socket.once(event, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    if (signal.aborted) {
      onAbort();
    }
  });
}

function carry(socket: Socket): Transport {
  const inbox = new Inbox();
  const frames = new StreamFrames();
  socket.on("data", (chunk) => {
    try {
      for (const message of frames.push(chunk)) {
        inbox.receive(message);
      }
    } catch (error) {
      socket.destroy();
      inbox.fail(toProbeError(error));
    }
  });
  socket.on("error", (error) => inbox.fail(toProbeError(error)));
  socket.on("close", () =>
    inbox.fail(probeError("connection-closed", "the server closed the connection")),
  );
  return {
    reliable: true,
    inbox,
    send: (message) => void socket.write(message),
    close: () => void socket.destroy(),
  };
}
