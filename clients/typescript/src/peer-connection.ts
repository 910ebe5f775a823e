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
 * browser, Firefox. When Chromium offers a restart, it sends from its new relay to the last one of Firefox
 * until the answer comes. Firefox takes no data from there. If Firefox's check of the new pair comes before
 * the answer, Chromium drops that pair for good, and goes on like this. A further restart does not help:
 * Firefox closes the DTLS transport.
 */
export function leads(connection: PeerConnection<object>): boolean {
  const isFirefoxHere = isOfFirefox(connection.localDescription);
  return isFirefoxHere === isOfFirefox(connection.remoteDescription)
    ? hasOffered(connection)
    : isFirefoxHere;
}

/**
 * Whether an offer of this side fails, as Firefox has made the first one: it answers later ones with
 * `a=setup:active` although this side is the DTLS client, and Chromium rejects that
 * (https://bugzilla.mozilla.org/show_bug.cgi?id=1240897).
 */
export function cannotOffer(connection: PeerConnection<object>): boolean {
  return (
    isLedByFirefox(connection) &&
    /^a=setup:active\s*$/m.test(connection.localDescription?.sdp ?? "")
  );
}

/** Whether only the other side is Firefox. */
export function isLedByFirefox(connection: PeerConnection<object>): boolean {
  return isOfFirefox(connection.remoteDescription) && !isOfFirefox(connection.localDescription);
}

/**
 * Chromium rewrites the other side's `o=` line, but keeps its password, for which only Firefox uses 32
 * hexadecimal digits.
 */
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
