import { isIPv6, SocketAddress } from "node:net";
import { expandIpv6 } from "../ip-address.js";
import { type AddressFamily, attributeType, familyCode, readBytes } from "./attributes.js";
import {
  MalformedMessageError,
  magicCookie,
  type StunAttribute,
  type StunMessage,
} from "./stun-message.js";

/** An IP address and a port. */
export interface TransportAddress {
  /** Without brackets. */
  readonly address: string;
  readonly port: number;
  readonly family: AddressFamily;
}

/** `192.0.2.1:3478` or `[2001:db8::1]:3478` */
export function printTransportAddress({ address, port, family }: TransportAddress): string {
  return family === "ipv6" ? `[${address}]:${port}` : `${address}:${port}`;
}

const plainTypes: readonly number[] = [attributeType.mappedAddress, attributeType.alternateServer];

/**
 * Reads MAPPED-ADDRESS, ALTERNATE-SERVER, or an address of the XOR- kind (RFC 8489 sections 14.1, 14.2,
 * and 14.15).
 * @returns undefined where the message has none
 * @throws MalformedMessageError
 */
export function readAddress(message: StunMessage, type: number): TransportAddress | undefined {
  const value = readBytes(message, type);
  if (value === undefined) {
    return undefined;
  }
  const isIpv6 = value.length === 20 && value.readUInt8(1) === familyCode.ipv6;
  if (!isIpv6 && !(value.length === 8 && value.readUInt8(1) === familyCode.ipv4)) {
    throw new MalformedMessageError("it contains an address of no known family");
  }
  const mask = plainTypes.includes(type)
    ? Buffer.alloc(16)
    : Buffer.concat([magicCookie, message.transactionId]);
  const port = value.readUInt16BE(2) ^ mask.readUInt16BE(0);
  const bytes = xor(value.subarray(4), mask);
  return isIpv6
    ? { address: printIpv6(bytes), port, family: "ipv6" }
    : { address: bytes.join("."), port, family: "ipv4" };
}

/** XOR-PEER-ADDRESS (RFC 8656 section 18.3), for a message with this transaction ID. */
export function encodePeerAddress(
  { address, port, family }: TransportAddress,
  transactionId: Uint8Array,
): StunAttribute {
  const mask = Buffer.concat([magicCookie, transactionId]);
  const bytes =
    family === "ipv6" ? parseIpv6(address) : Uint8Array.from(address.split("."), Number);
  const head = Buffer.of(0, familyCode[family], 0, 0);
  head.writeUInt16BE(port ^ mask.readUInt16BE(0), 2);
  return {
    type: attributeType.xorPeerAddress,
    value: Buffer.concat([head, xor(bytes, mask)]),
  };
}

function xor(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (byte, index) => byte ^ (mask[index] ?? 0));
}

function printIpv6(address: Uint8Array): string {
  const groups = Buffer.from(address).toString("hex").match(/.{4}/g) ?? [];
  return new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address;
}

/** @throws TypeError when the text is no IPv6 address */
function parseIpv6(address: string): Uint8Array {
  // A zone stays on this machine.
  const [text = ""] = address.split("%");
  if (!isIPv6(text)) {
    throw new TypeError(`${address} is no IPv6 address`);
  }
  // The URL parser writes IPv4 parts as hexadecimal groups.
  const groups = expandIpv6(new URL(`http://[${text}]`).hostname.slice(1, -1));
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}
