import { BlockList, isIP } from "node:net";
import { parseSubnet } from "../ip-address.js";

interface HostEntry {
  /** Without a leading dot, in lower case. */
  readonly host: string;
  /** Absent: every port. */
  readonly port: number | undefined;
}

const everything: HostEntry = { host: "*", port: undefined };

/**
 * Reads NO_PROXY: entries between commas or spaces, each one of
 * - `example.com`, `.example.com`, or `*.example.com`: the domain and everything below it
 * - `192.0.2.1`, `2001:db8::1`, or `[2001:db8::1]`: the address
 * - `10.0.0.0/8` or `fd00::/8`: every address in the block. No name is resolved for it.
 * - one of the first two with `:443`: that port only
 * - `*`: everything
 *
 * Loopback is excluded from proxying whatever the text says.
 *
 * @returns whether a URL is to be fetched directly
 */
export function parseNoProxy(text: string): (url: URL) => boolean {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== "");
  const blocks = new BlockList();
  blocks.addSubnet("127.0.0.0", 8, "ipv4");
  blocks.addAddress("::1", "ipv6");
  const hosts = [readHost("localhost"), ...entries.flatMap((entry) => readEntry(entry, blocks))];
  return (url) => {
    const host = normalizeHost(url.hostname);
    const version = isIP(host);
    if (version !== 0 && blocks.check(host, version === 4 ? "ipv4" : "ipv6")) {
      return true;
    }
    const port = url.port === "" ? defaultPort(url) : Number(url.port);
    return hosts.some(
      (entry) =>
        entry === everything ||
        ((entry.port === undefined || entry.port === port) && covers(entry.host, host)),
    );
  };
}

/** Adds a block to the list, or returns the entry if it is none. */
function readEntry(entry: string, blocks: BlockList): HostEntry[] {
  const block = entry.includes("/") ? parseSubnet(entry) : undefined;
  if (block !== undefined) {
    blocks.addSubnet(block.address, block.prefixLength, block.family);
    return [];
  }
  return [entry === "*" ? everything : readHost(entry)];
}

function readHost(entry: string): HostEntry {
  // The colons of an IPv6 address without brackets do not begin a port.
  const [, host = entry, port] =
    isIP(entry) === 6 ? [] : (/^(.*?)(?::(\d{1,5}))?$/.exec(entry) ?? []);
  return {
    host: normalizeHost(host.replace(/^\*?\./, "")),
    port: port === undefined ? undefined : Number(port),
  };
}

/** As `URL` writes it, but without the brackets of an IPv6 address and the dot of a full name. */
function normalizeHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  const written = isIP(bare) === 6 ? `http://[${bare}]` : `http://${bare}`;
  const { hostname } = URL.canParse(written) ? new URL(written) : { hostname: bare };
  return hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/** An address has nothing below it. */
function covers(entry: string, host: string): boolean {
  return host === entry || (entry !== "" && isIP(host) === 0 && host.endsWith(`.${entry}`));
}

function defaultPort({ protocol }: URL): number {
  return protocol === "https:" ? 443 : 80;
}
