import type { IceServer } from "./ice-server-list.js";

/**
 * Returns the values of `Link` header fields (RFC 9725 section 4.6), one for each URL, with which a WHIP
 * or WHEP server gives its clients the ICE servers.
 */
export function toLinkHeaders(iceServers: readonly IceServer[]): string[] {
  return iceServers.flatMap(({ urls, username, credential }) =>
    urls.map(
      (url) =>
        `<${url}>; rel="ice-server"` +
        (username === undefined || credential === undefined
          ? ""
          : `; username=${quote(username)}; credential=${quote(credential)}; credential-type="password"`),
    ),
  );
}

/** A quoted-string (RFC 9110 section 5.6.4). */
function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * Returns a TURN URL with its credential inside, `turn://user:password@host:port?transport=udp`, as
 * GStreamer's webrtcbin takes it. Everything that is not unreserved is percent-encoded (RFC 3986).
 *
 * @param url one of the server's URLs, with the scheme `turn` or `turns`
 * @throws TypeError when the URL is not a TURN URL, or the server has no credential
 */
export function toTurnUri({ username, credential }: IceServer, url: string): string {
  const [, scheme, rest] = /^(turns?):(.*)$/i.exec(url) ?? [];
  if (scheme === undefined || username === undefined || credential === undefined) {
    throw new TypeError(`${url} is not a TURN URL with a credential`);
  }
  return `${scheme}://${encode(username)}:${encode(credential)}@${rest}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
