import { attributeType, readBytes } from "./attributes.js";
import {
  decodeMessage,
  encodeMessage,
  encodeType,
  looksLikeStun,
  MalformedMessageError,
  stunClass,
  stunMethod,
} from "./stun-message.js";
import { encodePeerAddress, readAddress, type TransportAddress } from "./transport-address.js";

/** A packet that goes through a relay. */
export interface RelayedData {
  /** Where the packet comes from, or goes to, as the relay sees it. */
  readonly peer: TransportAddress;
  readonly data: Uint8Array;
}

const dataIndicationType = encodeType(stunMethod.data, stunClass.indication);

/** Whether bytes are a Data indication (RFC 8656 section 11.3), by their type alone. */
export function isDataIndication(bytes: Buffer): boolean {
  return bytes.length > 1 && bytes.readUInt16BE(0) === dataIndicationType && looksLikeStun(bytes);
}

/** Reads a Data indication; undefined for anything else. */
export function readDataIndication(bytes: Buffer): RelayedData | undefined {
  if (!isDataIndication(bytes)) {
    return undefined;
  }
  try {
    const message = decodeMessage(bytes);
    const peer = readAddress(message, attributeType.xorPeerAddress);
    const data = readBytes(message, attributeType.data);
    return peer === undefined || data === undefined ? undefined : { peer, data };
  } catch (error) {
    if (error instanceof MalformedMessageError) {
      return undefined;
    }
    throw error;
  }
}

/** Encodes a Send indication (RFC 8656 section 11.1). Indications are not signed. */
export function encodeSendIndication(
  { peer, data }: RelayedData,
  transactionId: Uint8Array,
): Buffer {
  return encodeMessage(stunMethod.send, stunClass.indication, transactionId, [
    encodePeerAddress(peer, transactionId),
    { type: attributeType.data, value: data },
  ]);
}
