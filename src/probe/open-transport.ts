import type { ServerAddress } from "./server-address.js";
import { openTcpTransport, openTlsTransport } from "./stream-transport.js";
import type { Transport } from "./transport.js";
import { openUdpTransport } from "./udp-transport.js";

export interface TransportOptions {
  /** Ends the opening. */
  readonly signal: AbortSignal;
  /** Certificates of authorities in PEM that are trusted beside those of Node. */
  readonly extraCa?: string | undefined;
}

/**
 * Opens the transport that the URL asks for.
 * @throws ProbeError when the server cannot be reached or its TLS cannot be trusted; the signal's
 *   reason when that comes first
 */
export function openTransport(
  server: ServerAddress,
  { signal, extraCa }: TransportOptions,
): Promise<Transport> {
  switch (server.transport) {
    case "udp":
      return openUdpTransport(server, signal);
    case "tcp":
      return openTcpTransport(server, signal);
    case "tls":
      return openTlsTransport(server, signal, extraCa);
  }
}
