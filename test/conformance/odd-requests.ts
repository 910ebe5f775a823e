import { randomBytes } from "node:crypto";
import { type Compression, compress, envelop } from "./envelope.js";
import type { HttpRequest, HttpVersion } from "./http-client.js";

/** One way to call IceService. */
export interface OddWire {
  readonly name: string;
  readonly contentType: string;
  readonly method: "GetIceServers" | "WatchIceServers";
  readonly versions: readonly HttpVersion[];
}

export interface OddRequest {
  readonly name: string;
  readonly request: HttpRequest;
}

const both: readonly HttpVersion[] = ["1.1", "2"];
const wire = (contentType: string, isStream: boolean, versions = both): OddWire => ({
  name: `${contentType}, ${isStream ? "stream" : "unary"}`,
  contentType,
  method: isStream ? "WatchIceServers" : "GetIceServers",
  versions,
});

export const oddWires: readonly OddWire[] = [
  wire("application/grpc", false, ["2"]),
  wire("application/grpc+json", false, ["2"]),
  wire("application/grpc", true, ["2"]),
  wire("application/grpc-web+proto", false),
  wire("application/grpc-web+json", false),
  wire("application/grpc-web+proto", true),
  wire("application/connect+proto", true),
  wire("application/connect+json", true),
  wire("application/proto", false),
  wire("application/json", false),
];

export const maxBytes = 65_536;
const codings: readonly Compression[] = ["gzip", "br"];
const garbage = Buffer.from("garbage");
const nothing = Buffer.alloc(0);

/** Requests that are at the edge of what a protocol allows, or beyond it. */
export function listOddRequests({ contentType, method }: OddWire): OddRequest[] {
  const isJson = contentType.endsWith("json");
  const isUnaryConnect = /^application\/(proto|json)$/.test(contentType);
  const isConnect = isUnaryConnect || contentType.startsWith("application/connect");
  const prefix = isUnaryConnect ? "" : isConnect ? "connect-" : "grpc-";
  const encoding = isConnect ? `${prefix}content-encoding` : "grpc-encoding";
  const timeout = isConnect ? "connect-timeout-ms" : "grpc-timeout";
  const empty = isJson ? Buffer.from("{}") : nothing;
  const size = isJson ? padJson : padProto;
  const seal = (bytes: Buffer, flags = 0) => (isUnaryConnect ? bytes : envelop(bytes, flags));

  const all: OddRequest[] = [];
  function add(
    name: string,
    body: Buffer | readonly Buffer[],
    headers: Record<string, string> = {},
  ): void {
    const request = {
      path: `/ice.v1.IceService/${method}`,
      headers: {
        "content-type": contentType,
        ...(contentType.startsWith("application/grpc") && { te: "trailers" }),
        ...headers,
      },
      body,
    };
    all.push({ name, request });
  }

  add("empty message", seal(empty));
  add("no body", nothing);
  add("each byte by itself", splitBytes(seal(size(200))));
  add("undecodable", seal(isJson ? Buffer.from('{"a') : Buffer.from([0xff, 0xff])));
  add("out of range", seal(isJson ? Buffer.from('{"maxUrls":-1}') : minusOneUrls));
  for (const bytes of [maxBytes, maxBytes + 1, 3 * maxBytes]) {
    add(`${bytes} bytes`, seal(size(bytes)));
  }
  for (const coding of codings) {
    const named = { [encoding]: coding };
    const compressed = (bytes: Buffer) => compress(bytes, coding);
    add(coding, seal(compressed(empty), 1), named);
    add(`${coding}, cut`, seal(compressed(size(1000)).subarray(0, -6), 1), named);
    add(`${coding}, not compressed`, seal(garbage, 1), named);
    add(`${coding}, then garbage`, seal(Buffer.concat([compressed(empty), garbage]), 1), named);
    add(`${coding}, empty`, seal(nothing, 1), named);
    add(`${coding}, ${maxBytes} bytes`, seal(compressed(size(maxBytes)), 1), named);
    add(`${coding}, ${maxBytes + 1} bytes`, seal(compressed(size(maxBytes + 1)), 1), named);
    add(`${coding}, larger than its message`, seal(compressed(noise), 1), named);
    add(`accepts ${coding}`, seal(empty), { [`${prefix}accept-encoding`]: coding });
  }
  for (const coding of ["zstd", "gzip, br", ""]) {
    add(`encoding "${coding}"`, seal(empty), { [encoding]: coding });
  }
  add("encoding identity", seal(empty), { [encoding]: "identity" });
  for (const accepted of ["zstd", "*", "identity", "", "gzip;q=0", "zstd, br, gzip"]) {
    add(`accepts "${accepted}"`, seal(empty), { [`${prefix}accept-encoding`]: accepted });
  }
  for (const value of ["abc", "-1", "1.5", "99999999999", "1x", ""]) {
    add(`timeout "${value}"`, seal(empty), { [timeout]: value });
  }
  add("no time", seal(empty), { [timeout]: isConnect ? "0" : "0S" });
  if (isJson) {
    for (const text of ["null", "[]", "0", "{}{}", " ", '{"x":1}', "\ufeff{}", '{"region":null}']) {
      add(`JSON ${text}`, seal(Buffer.from(text)));
    }
  }
  if (!isUnaryConnect) {
    add("head cut", Buffer.from([0, 0, 0]));
    add("head without message", Buffer.from([0, 0, 0, 0, 4]));
    add("message cut", envelop(size(20_000)).subarray(0, 100));
    add("4 GiB promised", Buffer.from([0, 255, 255, 255, 255, 1]));
    add("two messages", Buffer.concat([envelop(empty), envelop(empty)]));
    add("second message cut", Buffer.concat([envelop(empty), Buffer.from([0, 0])]));
    add("end of stream after it", Buffer.concat([envelop(empty), envelop(Buffer.from("{}"), 2)]));
    add("compressed flag without encoding", envelop(empty, 1));
    add("encoding without compressed flag", envelop(empty), { [encoding]: "gzip" });
    for (const flags of [2, 3, 4, 64, 128, 129, 255]) {
      add(`flags ${flags}`, envelop(empty, flags));
    }
  }
  return all;
}

/** A negative `max_urls`. */
const minusOneUrls = Buffer.from([0x18, ...Array.from({ length: 9 }, () => 0xff), 1]);

/** Compression makes it larger than a message may be. */
const noise = padProto(maxBytes, randomBytes);

function splitBytes(bytes: Buffer): Buffer[] {
  return [...bytes].map((byte) => Buffer.from([byte]));
}

function padJson(bytes: number): Buffer {
  return Buffer.from("{}".padEnd(bytes));
}

/** An unknown field of bytes, whose length takes three bytes to tell. */
function padProto(bytes: number, fill: (length: number) => Buffer = Buffer.alloc): Buffer {
  const length = bytes - 4;
  const head = [0x7a, (length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14];
  return Buffer.concat([Buffer.from(head), fill(length)]);
}
