import { findAttribute, type StunAttribute, type StunMessage } from "./stun-message.js";

/** RFC 8489 section 18.3 and RFC 8656 section 18. */
export const attributeType = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedAddressFamily: 0x0017,
  requestedTransport: 0x0019,
  xorMappedAddress: 0x0020,
  alternateDomain: 0x8003,
  alternateServer: 0x8023,
  fingerprint: 0x8028,
} as const;

/**
 * What a receiver must understand and we do, or may pass over safely in an answer: beside ours,
 * the addresses of RFC 3489 that old servers add, those of TURN's other methods, and the integrity
 * and password algorithm of RFC 8489, which we never ask for.
 */
const understood: ReadonlySet<number> = new Set([
  ...Object.values(attributeType),
  ...[0x0002, 0x0003, 0x0004, 0x0005, 0x0018, 0x001a, 0x001c, 0x001d, 0x001e, 0x0022],
]);

/**
 * The comprehension-required attributes (below 0x8000) that we do not know. An answer with one is no
 * answer (RFC 8489 sections 6.3.3 and 6.3.4).
 */
export function findUnknownAttributes({ attributes }: StunMessage): number[] {
  return attributes
    .map(({ type }) => type)
    .filter((type) => type < 0x8000 && !understood.has(type));
}

export type AddressFamily = "ipv4" | "ipv6";

/** RFC 8489 section 14.1 */
export const familyCode = { ipv4: 1, ipv6: 2 } as const;

export function encodeText(type: number, text: string): StunAttribute {
  return { type, value: Buffer.from(text) };
}

/** @param seconds 0 gives an allocation back (RFC 8656 section 7) */
export function encodeLifetime(seconds: number): StunAttribute {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(seconds);
  return { type: attributeType.lifetime, value };
}

/** Relays over UDP (protocol 17), the only kind that browsers ask for (RFC 8656 section 18.7). */
export function encodeRequestedTransport(): StunAttribute {
  return { type: attributeType.requestedTransport, value: Buffer.of(17, 0, 0, 0) };
}

/** RFC 8656 section 18.6 */
export function encodeRequestedAddressFamily(family: AddressFamily): StunAttribute {
  return {
    type: attributeType.requestedAddressFamily,
    value: Buffer.of(familyCode[family], 0, 0, 0),
  };
}

/** The bytes of an attribute, which go back to the server as they are. */
export function readBytes(message: StunMessage, type: number): Buffer | undefined {
  return findAttribute(message, type)?.value;
}

const maxShownChars = 200;

/** Text of a server, safe to show: no control characters, at most 200 characters. */
export function showText(value: Uint8Array): string {
  const text = new TextDecoder().decode(value).replaceAll(/\p{C}/gu, "\ufffd");
  return text.length > maxShownChars ? `${text.slice(0, maxShownChars)}…` : text;
}
