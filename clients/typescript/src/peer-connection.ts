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
  readonly remoteDescription?: { readonly sdp: string } | null;
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
 * Whether this side restarts ICE first: the side that made the last offer or, between Firefox and another
 * browser, Firefox. An offer to restart from Chromium ends such a call where the answer takes longer than a
 * relay: Chromium then connects its new relay with the last one of Firefox, which takes nothing from there.
 */
export function leads(connection: PeerConnection<object>): boolean {
  const isFirefoxHere = isOfFirefox(connection.localDescription);
  return isFirefoxHere === isOfFirefox(connection.remoteDescription)
    ? hasOffered(connection)
    : isFirefoxHere;
}

/** Whether only the other side is Firefox. */
export function isLedByFirefox(connection: PeerConnection<object>): boolean {
  return isOfFirefox(connection.remoteDescription) && !isOfFirefox(connection.localDescription);
}

/** Chromium rewrites the other side's `o=` line, but keeps its password, for which only Firefox uses 32 hexadecimal digits. */
function isOfFirefox(description: { readonly sdp: string } | null | undefined): boolean {
  return /^a=ice-pwd:[0-9a-f]{32}\s*$/m.test(description?.sdp ?? "");
}

/**
 * Names the ICE generation of the connection (RFC 8839 section 5.4): a restart changes it. Undefined
 * before the first negotiation.
 */
export function readGeneration({ localDescription }: PeerConnection<object>): string | undefined {
  return /^a=ice-ufrag:(.*)$/m.exec(localDescription?.sdp ?? "")?.[1];
}
