import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** RFC 9113 section 6. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = { endStream: 1, ack: 1, endHeaders: 4 } as const;

/** A frame (RFC 9113 section 4.1), whatever sense it makes. */
export function writeFrame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** Header fields without compression, as literals that are not indexed (RFC 7541 section 6.2.2). */
export function writeHeaders(fields: Readonly<Record<string, string>>): Buffer {
  return writeFields(Object.entries(fields));
}

/** As {@link writeHeaders}, for a name that occurs more than once. */
export function writeFields(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), writeString(name), writeString(value)]),
  );
}

/** A field that joins the dynamic table as its first entry (RFC 7541 section 6.2.1). */
export function writeIndexedHeader(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x40]), writeString(name), writeString(value)]);
}

/** The first entry of the dynamic table (RFC 7541 section 6.1). */
export const firstDynamicHeader = 0x80 | 62;

/** RFC 7541 section 5.2, without Huffman coding; the length as in section 5.1. */
function writeString(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  const length = bytes.length < 127 ? [bytes.length] : [127];
  for (let rest = bytes.length - 127; rest >= 0; rest = rest < 128 ? -1 : rest >> 7) {
    length.push(rest < 128 ? rest : (rest & 127) | 128);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

export interface GoAway {
  readonly lastStreamId: number;
  readonly code: number;
}

/** The client's end of an HTTP/2 connection, without any of HTTP/2's manners. */
export interface RawHttp2Client {
  readonly socket: Socket;
  /** How many frames of a type have come. */
  count(type: number): number;
  /** The error code that the server has said good-bye with (RFC 9113 section 7). */
  goAwayCode(): number | undefined;
  /** The GOAWAY frames so far (RFC 9113 section 6.8). */
  goAways(): readonly GoAway[];
  /** The streams that the server has ended, in order. */
  endedStreams(): readonly number[];
  isClosed(): boolean;
  /** Sends a PING: true when it is answered, false when the server says good-bye or closes instead. */
  ping(): Promise<boolean>;
  /**
   * Sends chunk after chunk, as fast as the server reads them, until it says good-bye, closes the
   * connection, or the time is over.
   */
  flood(timeoutMs: number, writeChunk: (index: number) => Buffer): Promise<void>;
}

/** Connects, sends the preface and a SETTINGS frame with this payload, and reads all that comes. */
export async function connectRawHttp2(
  port: number,
  settings: Buffer = Buffer.alloc(0),
): Promise<RawHttp2Client> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return startRawHttp2(socket, settings);
}

/** What {@link connectRawHttp2} does once it is connected, such as over a TLS socket. */
export function startRawHttp2(socket: Socket, settings: Buffer = Buffer.alloc(0)): RawHttp2Client {
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const counts = new Map<number, number>();
  const pingPayload = Buffer.from("are you?");
  let pong = (_: boolean) => {};
  const goAways: GoAway[] = [];
  const endedStreams: number[] = [];
  let sayGoodBye = () => {};
  const saidGoodBye = new Promise<void>((resolve) => {
    sayGoodBye = resolve;
  });
  let unread = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    while (unread.length >= 9 && unread.length >= 9 + unread.readUIntBE(0, 3)) {
      const end = 9 + unread.readUIntBE(0, 3);
      const type = unread.readUInt8(3);
      counts.set(type, (counts.get(type) ?? 0) + 1);
      if (type === frameType.ping && unread.subarray(9, end).equals(pingPayload)) {
        pong(true);
      }
      if (type === frameType.goAway) {
        goAways.push({ lastStreamId: unread.readUInt32BE(9), code: unread.readUInt32BE(13) });
        sayGoodBye();
      }
      const canEnd = type === frameType.data || type === frameType.headers;
      if (canEnd && (unread.readUInt8(4) & flag.endStream) !== 0) {
        endedStreams.push(unread.readUInt32BE(5));
      }
      unread = unread.subarray(end);
    }
  });
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(writeFrame(frameType.settings, 0, 0, settings));
  const isClosed = () => socket.destroyed;
  return {
    socket,
    count: (type) => counts.get(type) ?? 0,
    goAwayCode: () => goAways.at(-1)?.code,
    goAways: () => goAways,
    endedStreams: () => endedStreams,
    isClosed,
    ping() {
      const answered = new Promise<boolean>((resolve) => {
        pong = resolve;
      });
      socket.write(writeFrame(frameType.ping, 0, 0, pingPayload));
      return Promise.race([answered, closed.then(() => false), saidGoodBye.then(() => false)]);
    },
    async flood(timeoutMs, writeChunk) {
      const deadlineMs = performance.now() + timeoutMs;
      const over = sleep(timeoutMs, undefined, { ref: false });
      const isOver = () => isClosed() || goAways.length > 0 || performance.now() > deadlineMs;
      for (let index = 0; !isOver(); index += 1) {
        if (!socket.write(writeChunk(index))) {
          const drained = new Promise((resolve) => socket.once("drain", resolve));
          await Promise.race([drained, closed, saidGoodBye, over]);
        }
        if (index % 64 === 0) {
          await nextTurn();
        }
      }
    },
  };
}
