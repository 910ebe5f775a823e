import type { IceUrl } from "../../ice/ice-url.js";

const isTurn = ({ scheme }: IceUrl) => scheme === "turn" || scheme === "turns";

/**
 * The ways to connect to TURN servers, in order of need: the first gets through the strictest
 * firewall.
 */
export const turnWays: readonly ((url: IceUrl) => boolean)[] = [
  ({ scheme, transport }) => scheme === "turns" && transport === "tcp",
  ({ scheme, transport }) => scheme === "turn" && transport === "udp",
  ({ scheme, transport }) => scheme === "turn" && transport === "tcp",
];
const ways = [...turnWays, (url: IceUrl) => !isTurn(url)];

/**
 * Cuts a list to `maxUrls` URLs: one of each way to connect is kept first (of several `turns` the
 * one on port 443), then the rest of TURN, then the rest of STUN.
 *
 * @param maxUrls 0 is no limit
 * @returns what is kept, in the order given
 */
export function selectUrls(urls: readonly IceUrl[], maxUrls: number): readonly IceUrl[] {
  if (maxUrls === 0 || urls.length <= maxUrls) {
    return urls;
  }
  const oneOfEachWay = ways.flatMap((isOfWay) => {
    const candidates = urls.filter(isOfWay);
    const preferred =
      candidates.find(({ scheme, port }) => scheme === "turns" && port === 443) ?? candidates[0];
    return preferred === undefined ? [] : [preferred];
  });
  const byNeed = new Set([
    // TURN over DTLS does not count as a way, since few clients support it; but it precedes STUN.
    ...(oneOfEachWay.some(isTurn) ? [] : urls.filter(isTurn).slice(0, 1)),
    ...oneOfEachWay,
    ...urls.filter(isTurn),
    ...urls.filter((url) => !isTurn(url)),
  ]);
  const kept = new Set([...byNeed].slice(0, maxUrls));
  return urls.filter((url) => kept.has(url));
}
