import { attributeType, readBytes, showText } from "./attributes.js";
import { MalformedMessageError, type StunMessage } from "./stun-message.js";

/** RFC 8489 section 14.8 and RFC 8656 section 19. */
export const errorCode = {
  tryAlternate: 300,
  badRequest: 400,
  unauthorized: 401,
  forbidden: 403,
  staleNonce: 438,
  addressFamilyNotSupported: 440,
  unsupportedTransport: 442,
  allocationQuotaReached: 486,
  insufficientCapacity: 508,
} as const;

export interface StunErrorCode {
  /** 300 to 699. */
  readonly code: number;
  /** The server's words, safe to show. */
  readonly reason: string;
}

/**
 * Reads ERROR-CODE.
 * @throws MalformedMessageError when there is none, or none that is right
 */
export function readErrorCode(message: StunMessage): StunErrorCode {
  const error = findErrorCode(message);
  if (error === undefined) {
    throw new MalformedMessageError("it is an error without ERROR-CODE");
  }
  return error;
}

/**
 * Reads ERROR-CODE where there is one; pion left it out of some errors before its version 5.
 * @throws MalformedMessageError when it is not right
 */
export function findErrorCode(message: StunMessage): StunErrorCode | undefined {
  const value = readBytes(message, attributeType.errorCode);
  if (value === undefined) {
    return undefined;
  }
  if (value.length < 4) {
    throw new MalformedMessageError("its ERROR-CODE is too short");
  }
  const hundreds = value.readUInt8(2) & 0x07;
  const rest = value.readUInt8(3);
  if (hundreds < 3 || hundreds > 6 || rest > 99) {
    throw new MalformedMessageError("its ERROR-CODE is out of range");
  }
  const reason = value.subarray(4);
  // Some servers count the padding, or the end of a C string and what lies behind it, as part of the phrase.
  const end = reason.indexOf(0);
  const phrase = end === -1 ? reason : reason.subarray(0, end);
  return { code: hundreds * 100 + rest, reason: showText(phrase) };
}
