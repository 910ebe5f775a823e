import { printKeyPath } from "../config/key-path.js";
import type { Place } from "../config/place.js";
import { type IceUrl, parseIceUrl } from "../ice/ice-url.js";

/** The default where there is no TURN. */
export const stunWithoutTurn: readonly IceUrl[] = [parseIceUrl("stun:stun.l.google.com:19302")];

/**
 * The default with TURN: the TURN server itself, which answers STUN on the same port.
 * A third party would see the address of every client.
 *
 * @param turnUrls of the region, or of the single fleet
 * @param place is warned where there is no STUN server then
 */
export function findOwnStunUrls(turnUrls: readonly IceUrl[], place: Place): readonly IceUrl[] {
  const first = turnUrls.find(({ scheme, transport }) => scheme === "turn" && transport === "udp");
  if (first === undefined) {
    place.warn(
      `${printKeyPath(place.path)}: no turn: URL uses UDP, and no stunUrls are set: no STUN server is handed out`,
    );
    return [];
  }
  const [, hostAndPort = ""] = /^turn:([^?]*)/i.exec(first.text) ?? [];
  return [parseIceUrl(`stun:${hostAndPort}`)];
}
