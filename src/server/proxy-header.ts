import { isIPv4, isIPv6 } from "node:net";
import { parseIpAddress } from "../ip-address.js";

/** The start of a connection that a balancer hands on (PROXY protocol, versions 1 and 2). */
export interface ProxyHeader {
  /** In bytes, from 15 to 4,096. What follows is the client's. */
  readonly length: number;
  /**
   * The client's IP address as RFC 5952 writes it. Undefined where the header names none (LOCAL,
   * UNKNOWN, UNSPEC, AF_UNIX): the address of the connection is the client's then.
   */
  readonly sourceAddress: string | undefined;
}

const textStart = Buffer.from("PROXY ");
const lineEnd = Buffer.from("\r\n");
/** The longest line that version 1 allows, with its end. */
const maxTextBytes = 107;
const textHeader =
  /^PROXY (?:(TCP4|TCP6) ([\d.a-fA-F:]+) ([\d.a-fA-F:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})|UNKNOWN(?: .*)?)$/s;
const maxPort = 65_535;

const binaryStart = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
/** Up to the addresses: signature, version and command, family and transport, length. */
const binaryFixedBytes = 16;
/** Addresses and extensions (TLVs) included. A longer one is malformed here; the protocol allows 64 KiB. */
const maxBinaryBytes = 4_096;
/** What the addresses of each family take: AF_UNSPEC, AF_INET, AF_INET6, AF_UNIX. */
const addressBytes = [0, 12, 36, 216] as const;

/**
 * Reads the PROXY protocol header at the start of a connection
 * (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, sections 2.1 and 2.2).
 *
 * @param bytes all that has come so far
 * @returns `incomplete` while more bytes could make it a header
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | "incomplete" | "malformed" {
  if (beginsLike(bytes, textStart)) {
    return parseText(bytes);
  }
  return beginsLike(bytes, binaryStart) ? parseBinary(bytes) : "malformed";
}

function beginsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

function parseText(bytes: Buffer): ProxyHeader | "incomplete" | "malformed" {
  const end = bytes.subarray(0, maxTextBytes).indexOf(lineEnd);
  if (end === -1) {
    return bytes.length < maxTextBytes ? "incomplete" : "malformed";
  }
  const found = textHeader.exec(bytes.toString("latin1", 0, end));
  if (found === null) {
    return "malformed";
  }
  const [, family, source = "", destination = "", ...ports] = found;
  const length = end + lineEnd.length;
  if (family === undefined) {
    return { length, sourceAddress: undefined };
  }
  const isAddress = family === "TCP4" ? isIPv4 : isIPv6;
  return isAddress(source) && isAddress(destination) && ports.every((port) => +port <= maxPort)
    ? { length, sourceAddress: parseIpAddress(source) }
    : "malformed";
}

function parseBinary(bytes: Buffer): ProxyHeader | "incomplete" | "malformed" {
  if (bytes.length < binaryFixedBytes) {
    return "incomplete";
  }
  const versionAndCommand = bytes.readUInt8(12);
  const familyAndTransport = bytes.readUInt8(13);
  const length = binaryFixedBytes + bytes.readUInt16BE(14);
  const isLocal = versionAndCommand === 0x20;
  if ((!isLocal && versionAndCommand !== 0x21) || length > maxBinaryBytes) {
    return "malformed";
  }
  const family = familyAndTransport >> 4;
  const transport = familyAndTransport & 15;
  const needed = addressBytes[family];
  // LOCAL is the balancer's own connection: the rest of the header is skipped.
  if (!isLocal && (needed === undefined || transport > 2 || length < binaryFixedBytes + needed)) {
    return "malformed";
  }
  if (bytes.length < length) {
    return "incomplete";
  }
  const isUnspecified = isLocal || transport === 0;
  return { length, sourceAddress: isUnspecified ? undefined : readSource(bytes, family) };
}

function readSource(bytes: Buffer, family: number): string | undefined {
  const source = bytes.subarray(binaryFixedBytes);
  switch (family) {
    case 1:
      return source.subarray(0, 4).join(".");
    case 2:
      return parseIpAddress(source.toString("hex", 0, 16).replace(/(.{4})(?!$)/g, "$1:"));
    default:
      return undefined;
  }
}
