import { createSecretKey, type KeyObject } from "node:crypto";
import { secretFile } from "../config/file-kinds.js";
import { adviseOnBrackets, missingBrackets } from "../config/ipv6-literal.js";
import { key, optionalKey } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import type { Place } from "../config/place.js";
import { text } from "../config/scalars.js";
import { section } from "../config/section.js";
import { hasReadableCredentials } from "../database-url.js";

const example = "redis://redis.example.com:6379";

const written = section({
  url: optionalKey(text(), {
    example,
    help: "redis: or rediss: with host, port and database number. Put a URL with a password into a file, and set urlFile.",
  }),
  urlFile: optionalKey(secretFile, {
    example: "redis-url.secret",
    isAlternative: true,
    help: "A file that holds the URL.",
  }),
  keyPrefix: key(text({ maxLength: 100 }), {
    default: "ice-service:",
    help: "What the names of all keys in Redis begin with.",
  }),
});

/** Where counts are shared. */
export const redisSection = checked(written, (values, place) => {
  const { url, urlFile } = values;
  if (url !== undefined && urlFile === undefined) {
    const at = place.at("url");
    if (URL.canParse(url) && new URL(url).password !== "") {
      const fix = "Write the URL into a file of its own, and name that with urlFile";
      return at.refuse("holds a password", fix);
    }
    const location = locateRedis(createSecretKey(url, "utf8"), at);
    return location && { ...values, ...location };
  }
  if (urlFile !== undefined && url === undefined) {
    const location = locateRedis(urlFile.key, place.at("urlFile"));
    return location && { ...values, ...location };
  }
  return place.refuse("needs either url or urlFile", `Write url: ${example}`);
});

export type RedisConfig = Pick<ValueOf<typeof redisSection>, "keyPrefix" | keyof RedisLocation>;

interface RedisLocation {
  /** `redis:` or `rediss:`, maybe with a password. */
  readonly location: KeyObject;
  /** The same without user and password. */
  readonly address: string;
}

/** Nothing of the URL is repeated in a problem: it may hold a password. */
function locateRedis(location: KeyObject, place: Place): RedisLocation | undefined {
  const given = location.export().toString();
  const advice = URL.canParse(given) ? undefined : adviseOnBrackets(given);
  if (advice !== undefined) {
    return place.refuse(missingBrackets, advice);
  }
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (
    url === undefined ||
    !["redis:", "rediss:"].includes(url.protocol) ||
    url.hostname === "" ||
    !hasReadableCredentials(url)
  ) {
    return place.refuse("is not a redis: or rediss: URL", `Write ${example}`);
  }
  if (!/^\/?\d{0,4}$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    const fix = `Write ${example}, or ${example}/1 for the database 1`;
    return place.refuse("has more after the host than the number of a database", fix);
  }
  return { location, address: `${url.protocol}//${url.host}${url.pathname}` };
}
