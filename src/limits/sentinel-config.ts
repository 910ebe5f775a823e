import { list } from "../config/collections.js";
import { secretFile } from "../config/file-kinds.js";
import { adviseOnBrackets, missingBrackets } from "../config/ipv6-literal.js";
import { optionalKey, requiredKey } from "../config/key.js";
import { checked, type Kind, type ValueOf } from "../config/kind.js";
import { text } from "../config/scalars.js";
import { section } from "../config/section.js";

const defaultPort = 26379;

/** Where a Sentinel listens. */
export interface SentinelAddress {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

const sentinelAddress: Kind<SentinelAddress, string, ""> = {
  unit: "",
  read(given, place) {
    const address = text().read(given, place);
    if (address === undefined) {
      return undefined;
    }
    const advice = adviseOnBrackets(address);
    if (advice !== undefined) {
      return place.refuse(missingBrackets, advice);
    }
    const url = URL.canParse(`redis://${address}`) ? new URL(`redis://${address}`) : undefined;
    return url === undefined || url.hostname === "" || `redis://${url.host}` !== url.href
      ? place.refuse("is not a host and a port", "Write sentinel-1.example.com:26379, for example")
      : { host: url.hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(url.port || defaultPort) };
  },
  describe: ({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`,
};

const written = section({
  addresses: requiredKey(list(sentinelAddress, { notEmpty: true, max: 16 }), {
    example: ["sentinel-1.example.com:26379", "sentinel-2.example.com:26379"],
    help: "All Sentinels, as host and port (26379 if absent). The first one that answers is asked.",
  }),
  username: optionalKey(text(), {
    example: "ice-service",
    isAlternative: true,
    help: "The ACL user at the Sentinels. With passwordFile.",
  }),
  passwordFile: optionalKey(secretFile, {
    example: "sentinel.secret",
    isAlternative: true,
    help: "A file with the password of the Sentinels, which is not that of Redis in the URL.",
  }),
});

/** The Sentinels that watch a Redis, and how to log in to them. */
export const sentinelSection = checked(written, (values, place) =>
  values.username !== undefined && values.passwordFile === undefined
    ? place.at("username").refuse("has no effect without passwordFile", "Add passwordFile")
    : values,
);

export type SentinelConfig = ValueOf<typeof sentinelSection>;
