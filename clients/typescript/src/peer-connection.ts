import type { StatsReport } from "./selected-pair.js";

/** What the library uses of an RTCDtlsTransport. */
interface DtlsTransport {
  readonly state: string;
}

/** What the library uses of an RTCPeerConnection. */
export interface PeerConnection<Configuration extends object> {
  readonly signalingState: string;
  readonly iceConnectionState: string;
  /** Of the data channels. */
  readonly sctp?: { readonly transport: DtlsTransport } | null;
  readonly localDescription: { readonly type: string; readonly sdp: string } | null;
  getConfiguration(): Configuration;
  setConfiguration(configuration: Configuration): void;
  getSenders?(): readonly { readonly transport: DtlsTransport | null }[];
  getStats(): Promise<StatsReport>;
  restartIce(): void;
}

/**
 * Whether the DTLS transport has failed, which no ICE restart brings back. Chromium keeps it when ICE has
 * failed, although its `connectionState` is then `failed` as well; Firefox does not, nor when the address
 * of the device is gone.
 */
export function hasLostTransport(connection: PeerConnection<object>): boolean {
  const senders = connection.getSenders?.() ?? [];
  const transports = [connection.sctp?.transport, ...senders.map(({ transport }) => transport)];
  return transports.some((transport) => transport?.state === "failed");
}

/** Whether this side has made the last offer. */
export function hasOffered({ localDescription }: PeerConnection<object>): boolean {
  return localDescription?.type === "offer";
}

/**
 * Names the ICE generation of the connection (RFC 8839 section 5.4): a restart changes it. Undefined
 * before the first negotiation.
 */
export function readGeneration({ localDescription }: PeerConnection<object>): string | undefined {
  return /^a=ice-ufrag:(.*)$/m.exec(localDescription?.sdp ?? "")?.[1];
}
