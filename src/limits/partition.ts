import { hash } from "node:crypto";
import type { Caller } from "../authentication/caller.js";

/** Longer ones are kept as their digest, so that a table of them has a bounded size. */
const maxChars = 128;

/**
 * A remembered token has the same caller each time; and of a text that is made anew, a table has to
 * hash and compare every letter.
 */
const partitions = new WeakMap<Caller, string>();

/** The partition of a caller: issuer and subject, or the connector's name. */
export function partitionByCaller(caller: Caller): string {
  let partition = partitions.get(caller);
  if (partition === undefined) {
    partition = namePartition(caller);
    partitions.set(caller, partition);
  }
  return partition;
}

function namePartition(caller: Caller): string {
  // The length tells where the issuer ends, whatever the two hold.
  const partition =
    caller.kind === "connector"
      ? `connector:${caller.subject}`
      : `jwt:${caller.issuer.length}:${caller.issuer}${caller.subject}`;
  return partition.length <= maxChars ? partition : `sha256:${hash("sha256", partition)}`;
}

/**
 * The partition of a client's address: an IPv4 address alone, an IPv6 address with its /64, which is
 * what one customer of a network gets at least (RFC 6177).
 *
 * @param address without zone, IPv4-mapped ones as IPv4; undefined where it is not known
 */
export function partitionByAddress(address: string | undefined): string {
  if (address === undefined || !address.includes(":")) {
    return address ?? "unknown";
  }
  const [head = "", tail] = address.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => "0");
  return `${[...first, ...zeros, ...last].slice(0, 4).join(":")}::/64`;
}
