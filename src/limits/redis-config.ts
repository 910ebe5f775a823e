import { createSecretKey, type KeyObject } from "node:crypto";
import {
  authorityFile,
  maxAuthorityBytes,
  revealSecret,
  secretFile,
} from "../config/file-kinds.js";
import { adviseOnBrackets, missingBrackets } from "../config/ipv6-literal.js";
import { key, optionalKey } from "../config/key.js";
import { checked } from "../config/kind.js";
import type { Place } from "../config/place.js";
import { text } from "../config/scalars.js";
import { section } from "../config/section.js";
import { hasReadableCredentials } from "../database-url.js";
import { type SentinelConfig, sentinelSection } from "./sentinel-config.js";

const example = "redis://redis.example.com:6379";

const written = section({
  url: optionalKey(text(), {
    example,
    help: "redis: or rediss: (TLS) with host, port and database number. Put a URL with a password into a file, and set urlFile.",
  }),
  urlFile: optionalKey(secretFile, {
    example: "redis-url.secret",
    isAlternative: true,
    help: "A file that contains the URL, such as rediss://USER:PASSWORD@redis.example.com:6379/0.",
  }),
  caFile: optionalKey(authorityFile, {
    example: "redis-ca.pem",
    isAlternative: true,
    help: "The only authorities, in PEM, that can vouch for Redis and Sentinel. With rediss: only.",
  }),
  sentinel: optionalKey(sentinelSection, {
    isAlternative: true,
    help: "Redis Sentinel, which names the current master. The host of the URL is then the name of the master, such as redis://mymaster.",
  }),
  keyPrefix: key(text({ maxLength: 100 }), {
    default: "ice-service:",
    help: "What the names of all keys in Redis begin with.",
  }),
});

/** Where counts are shared. */
export const redisSection = checked(written, (values, place) => {
  const { url, urlFile, caFile } = values;
  if ((url === undefined) === (urlFile === undefined)) {
    return place.refuse("needs either url or urlFile", `Write url: ${example}`);
  }
  const at = place.at(url === undefined ? "urlFile" : "url");
  if (url !== undefined && URL.canParse(url) && new URL(url).password !== "") {
    const fix = "Write the URL into a file of its own, and name that with urlFile";
    return at.refuse("contains a password", fix);
  }
  const given = urlFile?.key ?? createSecretKey(url ?? "", "utf8");
  const location = locateRedis(given, values.sentinel !== undefined, at);
  if (location === undefined) {
    return undefined;
  }
  if (caFile === undefined) {
    return { ...values, ...location };
  }
  if (!location.address.startsWith("rediss:")) {
    return place
      .at("caFile")
      .refuse("has no effect without TLS", "Write rediss: instead of redis:");
  }
  const { bytes } = place.context.files.read(caFile, maxAuthorityBytes);
  return { ...values, ...location, authorities: Buffer.from(bytes).toString("latin1") };
});

export interface RedisConfig extends RedisLocation {
  readonly keyPrefix: string;
  /** The only authorities that can vouch for a server, in PEM. Absent: those that Node trusts. */
  readonly authorities?: string;
  readonly sentinel?: SentinelConfig;
}

interface RedisLocation {
  /** `redis:` or `rediss:`, maybe with a password. With Sentinel, the host is the master's name. */
  readonly location: KeyObject;
  /** The same without user and password. */
  readonly address: string;
}

/** Tells one place of counts from another; holds secrets. */
export function identifyRedis({ location, keyPrefix, authorities, sentinel }: RedisConfig): string {
  const password = sentinel?.passwordFile && revealSecret(sentinel.passwordFile);
  return JSON.stringify([
    ...[location.export().toString(), keyPrefix, authorities],
    ...[sentinel?.addresses, sentinel?.username, password],
  ]);
}

/** Nothing of the URL is repeated in a problem: it may hold a password. */
function locateRedis(
  location: KeyObject,
  hasSentinel: boolean,
  place: Place,
): RedisLocation | undefined {
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
  if (hasSentinel && url.port !== "") {
    const fix =
      "Write the name of the master as the host, without a port, such as redis://mymaster";
    return place.refuse("has a port, although Sentinel reports the port of the master", fix);
  }
  return { location, address: `${url.protocol}//${url.host}${url.pathname}` };
}
