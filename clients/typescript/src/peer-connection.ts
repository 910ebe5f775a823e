import type { StatsReport } from "./selected-pair.js";

/** What the library uses of an RTCPeerConnection. */
export interface PeerConnection<Configuration extends object> {
  readonly signalingState: string;
  readonly iceConnectionState: string;
  readonly localDescription: { readonly type: string; readonly sdp: string } | null;
  getConfiguration(): Configuration;
  setConfiguration(configuration: Configuration): void;
  getStats(): Promise<StatsReport>;
  restartIce(): void;
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
