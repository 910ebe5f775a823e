import { resolve } from "node:path";
import { adviseOnBrackets, missingBrackets } from "../../../../config/ipv6-literal.js";
import { hasReadableCredentials } from "../../../../database-url.js";
import { TurnDatabaseError } from "./turn-secret-store.js";

/** Where a database is. */
export type DatabaseLocation = (
  | { readonly kind: "redis" | "postgres"; readonly url: URL }
  | { readonly kind: "sqlite"; readonly file: string }
) & {
  /** For people, and to tell one database from another: without user name and password. */
  readonly name: string;
};

const fix =
  "Write redis://HOST:PORT/0, rediss://…, postgres://USER@HOST:PORT/DATABASE, or sqlite:FILE";

/**
 * Reads where a TURN server's database is.
 * @param text a URL, or `sqlite:` and a file name relative to the working directory
 * @throws TurnDatabaseError when it is none; the text, which may hold a password, is not repeated
 */
export function parseDatabaseLocation(text: string): DatabaseLocation {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case "redis":
    case "rediss":
    case "postgres":
    case "postgresql":
      if (!URL.canParse(text)) {
        const advice = adviseOnBrackets(text);
        throw advice === undefined
          ? new TurnDatabaseError("is not a URL", fix)
          : new TurnDatabaseError(missingBrackets, advice);
      }
      return locateServer(new URL(text));
    case "sqlite": {
      const name = text.slice("sqlite:".length);
      if (name === "" || name.startsWith("//")) {
        throw new TurnDatabaseError("names no file after sqlite:", fix);
      }
      const file = resolve(name);
      return { kind: "sqlite", file, name: `sqlite:${file}` };
    }
    default:
      throw new TurnDatabaseError(
        scheme === undefined ? "has no scheme" : `has the unknown scheme ${scheme}:`,
        fix,
      );
  }
}

function locateServer(url: URL): DatabaseLocation {
  const { protocol, host, pathname } = url;
  if (!hasReadableCredentials(url)) {
    throw new TurnDatabaseError("has a % that does not encode UTF-8", "Write %25 for %");
  }
  if (protocol.startsWith("redis")) {
    const database = pathname.replace(/^\/?/, "") || "0";
    if (!/^\d{1,5}$/.test(database)) {
      throw new TurnDatabaseError("has a database that is not a number", fix);
    }
    return { kind: "redis", url, name: `${protocol}//${host || "localhost"}/${database}` };
  }
  // A server behind a Unix socket is in the query (libpq).
  const place = host || (url.searchParams.get("host") ?? "localhost");
  return { kind: "postgres", url, name: `postgres://${place}${pathname}` };
}

/** Whether the text contains a password, which others may see on the command line. */
export function holdsPassword(location: DatabaseLocation): boolean {
  return (
    location.kind !== "sqlite" &&
    (location.url.password !== "" || location.url.searchParams.has("password"))
  );
}
