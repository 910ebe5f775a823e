import type { IceServer } from "./ice-server-list.js";

/** A response of draft-uberti-behave-turn-rest-00 section 2.2. */
export interface TurnRestCredentials {
  readonly username: string;
  readonly password: string;
  /** In seconds. */
  readonly ttl: number;
  /** TURN URLs only. */
  readonly uris: readonly string[];
}

/**
 * The first TURN entry of a list as TURN REST has it.
 * @param ttlSeconds the life of the credentials
 * @returns undefined where there is no such entry
 */
export function toTurnRest(
  servers: readonly IceServer[],
  ttlSeconds: number,
): TurnRestCredentials | undefined {
  for (const { urls, username = "", credential = "" } of servers) {
    if (credential !== "") {
      return { username, password: credential, ttl: ttlSeconds, uris: urls };
    }
  }
  return undefined;
}

/**
 * Every TURN URL of a list with its credential, as GStreamer's webrtcbin takes it:
 * `turn://user:password@host:port?transport=tcp`. Both are percent-encoded (RFC 3986 section 3.2.1): a
 * username has a colon, and base64 has `/`, `+`, and `=`.
 */
export function toTurnUris(servers: readonly IceServer[]): string[] {
  return servers.flatMap(({ urls, username = "", credential = "" }) =>
    credential === ""
      ? []
      : urls.map((url) => {
          const userinfo = `${encodeURIComponent(username)}:${encodeURIComponent(credential)}`;
          return url.replace(":", `://${userinfo}@`);
        }),
  );
}

/** Every URL of a list as the value of a `Link` header of a WHIP or WHEP endpoint (RFC 9725 section 4.6). */
export function toLinkHeaders(servers: readonly IceServer[]): string[] {
  return servers.flatMap(({ urls, username = "", credential = "" }) =>
    urls.map((url) =>
      [
        `<${url}>; rel="ice-server"`,
        ...(credential === ""
          ? []
          : [
              `username=${quote(username)}`,
              `credential=${quote(credential)}`,
              'credential-type="password"',
            ]),
      ].join("; "),
    ),
  );
}

/** A quoted-string (RFC 9110 section 5.6.4). */
function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
