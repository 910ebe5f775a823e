import { randomFillSync } from "node:crypto";
import type { RequestHeaders } from "./request-headers.js";

export const requestIdHeader = "x-request-id";

/** Visible ASCII. Several fields are joined with a comma and a space, and are none. */
const pattern = /^[\x21-\x7e]{1,128}$/;

/**
 * What a request is called in its answer, its log line, and its span: the X-Request-Id that the client
 * or a proxy has sent, if it is one field of 1 to 128 visible ASCII characters, else a random UUID. It
 * is for correlation only: anybody can choose it, so that nothing may depend on it.
 */
export function readRequestId(headers: Pick<RequestHeaders, "find">): string {
  const sent = headers.find(requestIdHeader);
  return sent !== null && pattern.test(sent) ? sent : createRequestId();
}

const uuidChars = 36;
const uuidBytes = 16;
/** Few, as a watch keeps its own in memory, and with it the others that were made together. */
const batchSize = 32;
const batchBytes = batchSize * uuidBytes;
const hexDigits = Buffer.from("0123456789abcdef");

/** Many, as each time that the generator is asked costs the same. */
const random = Buffer.alloc(16 * batchBytes);
let usedBytes = random.length;
const text = Buffer.alloc(batchSize * uuidChars, "-");
let batch = "";
let nextStart = 0;

/**
 * A random UUID (RFC 9562 section 5.4). Made in batches, since each that crypto.randomUUID makes is put
 * together from 20 strings: that alone costs a few percent of a call.
 */
export function createRequestId(): string {
  if (nextStart === batch.length) {
    batch = createBatch();
    nextStart = 0;
  }
  const start = nextStart;
  nextStart += uuidChars;
  return batch.slice(start, nextStart);
}

function createBatch(): string {
  if (usedBytes === random.length) {
    randomFillSync(random);
    usedBytes = 0;
  }
  let at = 0;
  for (let index = 0; index < batchBytes; index += 1) {
    const place = index % uuidBytes;
    const byte = setVersion(random[usedBytes + index] ?? 0, place);
    if (place === 4 || place === 6 || place === 8 || place === 10) {
      at += 1;
    }
    text[at] = hexDigits[byte >> 4] ?? 0;
    text[at + 1] = hexDigits[byte & 15] ?? 0;
    at += 2;
  }
  usedBytes += batchBytes;
  return text.toString("latin1");
}

/** Version 4 and its variant. */
function setVersion(byte: number, place: number): number {
  switch (place) {
    case 6:
      return (byte & 0x0f) | 0x40;
    case 8:
      return (byte & 0x3f) | 0x80;
    default:
      return byte;
  }
}
