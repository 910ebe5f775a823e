import { promises as dns, type LookupAddress } from "node:dns";
import { isIP } from "node:net";
import type { IceUrl } from "../ice/ice-url.js";
import { probeError } from "./probe-failure.js";
import type { TransportAddress } from "./transport-address.js";

/** How a URL is carried. TURN over DTLS (`turns` with `transport=udp`) is none that we have. */
export type ProbeTransport = "udp" | "tcp" | "tls";

/** One of the addresses that stand behind a URL. */
export interface ServerAddress extends TransportAddress {
  readonly url: IceUrl;
  readonly transport: ProbeTransport;
  /** What a TLS certificate must be valid for: a name, or an IP address without brackets. */
  readonly host: string;
}

/** More addresses of one name than this are not asked. */
const maxAddresses = 16;

/** Whether a URL's transport is one that can be probed: all but DTLS. */
export function canProbe({ scheme, transport }: IceUrl): boolean {
  return !(scheme.endsWith("s") && transport === "udp");
}

/** @param url one that {@link canProbe} */
export function transportOf({ scheme, transport }: IceUrl): ProbeTransport {
  return scheme.endsWith("s") ? "tls" : transport;
}

/**
 * Finds the addresses of a URL's host, at most 16, as the system resolves names.
 * @throws ProbeError `name-not-found`; the signal's reason when that comes first
 */
export async function resolveServer(url: IceUrl, signal: AbortSignal): Promise<ServerAddress[]> {
  const { host, port } = url;
  const found =
    isIP(host) === 0
      ? await endWith(signal, lookUp(host))
      : [{ address: host, family: isIP(host) }];
  return found.slice(0, maxAddresses).map(({ address, family }) => ({
    url,
    transport: transportOf(url),
    host,
    address,
    port,
    family: family === 6 ? "ipv6" : "ipv4",
  }));
}

async function lookUp(host: string): Promise<LookupAddress[]> {
  let found: LookupAddress[];
  try {
    found = await dns.lookup(host, { all: true });
  } catch (error) {
    throw error instanceof Error && "code" in error
      ? probeError("name-not-found", `the name ${host} was not resolved (${String(error.code)})`)
      : error;
  }
  if (found.length === 0) {
    throw probeError("name-not-found", `the name ${host} has no address`);
  }
  return found;
}

/** What cannot be called off is left to itself when the signal comes. */
function endWith<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
    signal.throwIfAborted();
  });
}
