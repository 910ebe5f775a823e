import type { IceUrl } from "./ice-url.js";

/**
 * What works, but not for every browser or not through every firewall. How many URLs there are is
 * another matter, see the configuration.
 */
export function findUrlWarnings(urls: readonly IceUrl[]): string[] {
  const turnUrls = urls.filter(({ scheme }) => scheme === "turn" || scheme === "turns");
  const overTcp = turnUrls.filter(({ transport }) => transport === "tcp");
  const warnings = urls.flatMap(({ text, scheme, port }) => [
    ...(port === 53 ? [`${text}: browsers block port 53`] : []),
    ...(scheme === "stuns" ? [`${text}: few browsers support stuns`] : []),
  ]);
  warnings.push(...findDtlsWarnings(urls));
  if (turnUrls.length > 0 && overTcp.length === 0) {
    warnings.push("no TURN URL uses TCP: clients behind firewalls that block UDP get no relay");
  }
  if (
    turnUrls.length > 0 &&
    !overTcp.some(({ scheme, port }) => scheme === "turns" && port === 443)
  ) {
    warnings.push(
      "no turns URL with port 443 over TCP: the strictest firewalls let nothing else through",
    );
  }
  return warnings;
}

/** TURN over DTLS: hardly anybody can use such a URL. */
export function findDtlsWarnings(urls: readonly IceUrl[]): string[] {
  return urls
    .filter(({ scheme, transport }) => scheme === "turns" && transport === "udp")
    .map(
      ({ text }) =>
        `${text}: no browser supports TURN over DTLS (pion does), and it is not probed; write ?transport=tcp`,
    );
}
