import fc from "fast-check";
import { flag, frameType, writeFields, writeFrame } from "../parts/http2-frames.js";
import { http2Fields } from "./hostile-requests.js";

export const preface = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  writeFrame(frameType.settings, 0, 0),
]);

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const errorCode = fc.constantFrom(0, 0, 1, 2, 5, 7, 8, 11, 13, 255).map(uint32);

/** What a client may send on a stream of its own, by the stream's ID. */
const onStream: fc.Arbitrary<(id: number) => Buffer> = fc.oneof(
  errorCode.map((code) => (id: number) => writeFrame(frameType.resetStream, 0, id, code)),
  fc
    .tuple(
      fc.constantFrom(0, flag.endStream),
      fc.constantFrom("", "00", "0000000000", "7b7d", "01000000017b", "ff".repeat(300)),
    )
    .map(
      ([flags, hex]) =>
        (id: number) =>
          writeFrame(frameType.data, flags, id, Buffer.from(hex, "hex")),
    ),
  fc
    .constantFrom(1, 65_535, 0x7fff0000, 0x7fffffff, 0)
    .map((step) => (id: number) => writeFrame(frameType.windowUpdate, 0, id, uint32(step))),
  // Trailers, or a second request on the same stream.
  fc.tuple(http2Fields, fc.constantFrom(4, 5, 5)).map(
    ([fields, flags]) =>
      (id: number) =>
        writeFrame(frameType.headers, flags, id, writeFields(fields)),
  ),
  fc.constant((id: number) =>
    writeFrame(frameType.headers, 5, id, writeFields([["grpc-status", "0"]])),
  ),
  fc.constant((id: number) => writeFrame(frameType.priority, 0, id, Buffer.alloc(5, id))),
);

/** Opens a stream, perhaps with CONTINUATION, and says more about it or not. */
const exchange: fc.Arbitrary<(id: number) => Buffer[]> = fc
  .record({
    fields: http2Fields,
    endsStream: fc.boolean(),
    cutAt: fc.option(fc.nat(60), { freq: 5 }),
    isContinued: fc.boolean(),
    rest: fc.array(onStream, { maxLength: 3 }),
  })
  .map(({ fields, endsStream, cutAt, isContinued, rest }) => (id: number) => {
    const block = writeFields(fields);
    const flags = endsStream ? flag.endStream : 0;
    const opening =
      cutAt === null
        ? [writeFrame(frameType.headers, flags | flag.endHeaders, id, block)]
        : [
            writeFrame(frameType.headers, flags, id, block.subarray(0, cutAt)),
            ...(isContinued
              ? [writeFrame(frameType.continuation, flag.endHeaders, id, block.subarray(cutAt))]
              : []),
          ];
    return [...opening, ...rest.map((write) => write(id))];
  });

/** Settings (RFC 9113 section 6.5.2) at and beyond their bounds. */
const setting = fc
  .tuple(
    fc.constantFrom(1, 2, 3, 4, 5, 6, 8, 0x7f),
    fc.constantFrom(0, 1, 100, 65_535, 16_384, 0xffffff, 0x7fffffff, 0xffffffff),
  )
  .map(([id, value]) => Buffer.concat([Buffer.from([0, id]), uint32(value)]));

/** Frames of the connection, and frames that no client sends. */
const onConnection: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(fc.constantFrom(0, 1, 0x7fffffff).map(uint32), errorCode)
    .map((parts) => writeFrame(frameType.goAway, 0, 0, Buffer.concat(parts))),
  fc
    .array(setting, { maxLength: 3 })
    .map((settings) => writeFrame(frameType.settings, 0, 0, Buffer.concat(settings))),
  fc.constant(writeFrame(frameType.settings, flag.ack, 0)),
  fc
    .constantFrom(0, flag.ack)
    .map((flags) => writeFrame(frameType.ping, flags, 0, Buffer.alloc(8))),
  fc
    .constantFrom(1, 65_535, 0x7fff0000, 0x7fffffff, 0)
    .map((step) => writeFrame(frameType.windowUpdate, 0, 0, uint32(step))),
  fc
    .tuple(
      fc.nat(16),
      fc.nat(255),
      fc.constantFrom(0, 1, 1, 3, 2, 0x7fffffff),
      fc.uint8Array({ maxLength: 60 }),
    )
    .map(([type, flags, id, payload]) => writeFrame(type, flags, id, Buffer.from(payload))),
);

/** What a client sends after its preface, by frame. */
const frames: fc.Arbitrary<Buffer[]> = fc
  .array(fc.oneof({ weight: 3, arbitrary: exchange }, { weight: 2, arbitrary: onConnection }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) =>
    parts.flatMap((part, index) => (typeof part === "function" ? part(2 * index + 1) : [part])),
  );

/** The rest of it never comes, or is another frame. */
const halfFrame = writeFrame(frameType.data, 0, 1, Buffer.alloc(60)).subarray(0, 20);

/** Frames as they are written: mostly many in a segment, so that one meets what another has left. */
export const frameSegments: fc.Arbitrary<Buffer[]> = fc
  .tuple(frames, fc.array(fc.nat(4), { maxLength: 20 }))
  .map(([all, cuts]) => {
    const joined: Buffer[][] = [[]];
    for (const [index, frame] of all.entries()) {
      joined.at(-1)?.push(frame);
      if (cuts[index] === 0) {
        joined.push([]);
      }
    }
    return joined.filter((parts) => parts.length > 0).map((parts) => Buffer.concat(parts));
  });

/** A whole connection: mostly with the preface, and without an end within a frame. */
export const connectionSegments: fc.Arbitrary<Buffer[]> = fc
  .tuple(frameSegments, fc.nat(9))
  .map(([[first = Buffer.alloc(0), ...others], oddity]) => {
    const start = oddity === 0 ? first : Buffer.concat([preface, first]);
    return oddity === 1 ? [start, ...others, halfFrame] : [start, ...others];
  });
