import { createCredentialSource } from "./fresh-credential.js";
import type { BaselineSettings } from "./settings.js";

/** The compression flag and the length before each gRPC message. */
export const prefixBytes = 5;

/**
 * Encodes the response in protobuf by hand, with a new credential each time: no message object, and
 * the parts that never change are encoded once. This is the least that a server must do.
 *
 * @returns a function that returns the message after `prefixBytes` for the gRPC prefix, filled in
 */
export function createMessageEncoder(
  settings: BaselineSettings,
): (authorization?: string) => Buffer {
  const issueCredential = createCredentialSource(settings);
  const stunServer = encodeBytes(1, encodeUrls(settings.stunUrls));
  const turnUrls = encodeUrls(settings.turnUrls);
  const ttl = Buffer.from([3 << 3, ...encodeVarint(settings.ttlSeconds)]);

  return (authorization) => {
    const { username, credential, expiresAtSeconds } = issueCredential(authorization);
    const seconds = encodeVarint(expiresAtSeconds);
    const serverBytes = turnUrls.length + sizeString(username) + sizeString(credential);
    const serverLength = encodeVarint(serverBytes);
    const expireTimeBytes = 3 + seconds.length;
    const messageBytes =
      stunServer.length + 1 + serverLength.length + serverBytes + expireTimeBytes + ttl.length;
    const frame = Buffer.allocUnsafe(prefixBytes + messageBytes);
    frame.writeUInt8(0, 0);
    frame.writeUInt32BE(messageBytes, 1);
    let at = prefixBytes;
    at += stunServer.copy(frame, at);
    frame[at++] = (1 << 3) | 2;
    at = writeBytes(frame, at, serverLength);
    at += turnUrls.copy(frame, at);
    at = writeString(frame, at, 2, username);
    at = writeString(frame, at, 3, credential);
    frame[at++] = (2 << 3) | 2;
    frame[at++] = 1 + seconds.length;
    frame[at++] = 1 << 3;
    at = writeBytes(frame, at, seconds);
    ttl.copy(frame, at);
    return frame;
  };
}

function encodeUrls(urls: readonly string[]): Buffer {
  return Buffer.concat(urls.map((url) => encodeBytes(1, Buffer.from(url))));
}

function encodeBytes(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...encodeVarint(bytes.length)]), bytes]);
}

/** Names and credentials are shorter than 128 bytes here: their length is one byte. */
function sizeString(text: string): number {
  return 2 + text.length;
}

function writeString(frame: Buffer, at: number, field: number, text: string): number {
  frame[at] = (field << 3) | 2;
  frame[at + 1] = text.length;
  return at + 2 + frame.write(text, at + 2, "latin1");
}

function writeBytes(frame: Buffer, at: number, bytes: readonly number[]): number {
  let next = at;
  for (const byte of bytes) {
    frame[next++] = byte;
  }
  return next;
}

function encodeVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

/** The same response as the one field of a message of a watch, after its gRPC prefix. */
export function createStreamMessageEncoder(settings: BaselineSettings): () => Buffer {
  const encodeMessage = createMessageEncoder(settings);
  return () => {
    const message = encodeBytes(1, encodeMessage().subarray(prefixBytes));
    const prefix = Buffer.alloc(prefixBytes);
    prefix.writeUInt32BE(message.length, 1);
    return Buffer.concat([prefix, message]);
  };
}
