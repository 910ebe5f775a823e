import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { flag, frameType, writeFrame, writeHeaders } from "../../test/parts/http2-frames.js";
import { WrongAnswerError } from "../failure.js";
import { http2Connections } from "./h2load.js";
import type { Load, LoadResult } from "./load.js";

const frameHeadBytes = 9;
const largestWindow = 2 ** 31 - 1;
const initialWindow = 65_535;
/** SETTINGS_INITIAL_WINDOW_SIZE: answers are never held up. */
const settings = Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff]);

/**
 * Loads a server over HTTP/2 in the clear with another token in each call, which h2load cannot do. All
 * requests are encoded before, and only the heads of frames are read, so that little of the machine
 * is taken from the server.
 *
 * @param tokens sent in turn
 */
export async function runHttp2Frames(load: Load, tokens: readonly string[]): Promise<LoadResult> {
  const { call, url, seconds, callsInFlight } = load;
  const { host, port } = new URL(url);
  const heads = tokens.map((token) =>
    writeHeaders({
      ":method": call.method,
      ":scheme": "http",
      ":path": call.path,
      ":authority": host,
      ...call.headers,
      authorization: `Bearer ${token}`,
    }),
  );
  let sent = 0;
  const takeHead = () => heads[sent++ % heads.length] ?? Buffer.alloc(0);
  const connections = await Promise.all(
    Array.from({ length: http2Connections }, () =>
      FrameConnection.open(Number(port), takeHead, call.body),
    ),
  );
  const startedAtMs = performance.now();
  for (const connection of connections) {
    connection.start(callsInFlight / http2Connections);
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const elapsedMs = performance.now() - startedAtMs;
  const total = (read: (connection: FrameConnection) => number) =>
    connections.reduce((sum, connection) => sum + read(connection), 0);
  const result = {
    calls: total(({ calls }) => calls),
    seconds: elapsedMs / 1000,
    bytes: total(({ bytes }) => bytes),
    errors: total(({ errors }) => errors),
    outOfTokens: false,
  };
  await Promise.all(connections.map((connection) => connection.close()));
  return result;
}

/** One connection with a number of calls in flight: as one ends, the next begins. */
class FrameConnection {
  calls = 0;
  /** Of all answers' bodies. */
  bytes = 0;
  errors = 0;
  readonly #socket: Socket;
  readonly #takeHead: () => Buffer;
  readonly #body: Buffer;
  #lastStreamId = -1;
  #unread: Buffer = Buffer.alloc(0);
  #isClosing = false;

  private constructor(socket: Socket, takeHead: () => Buffer, body: Buffer) {
    this.#socket = socket;
    this.#takeHead = takeHead;
    this.#body = body;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("close", () => {
      this.errors += this.#isClosing ? 0 : 1;
    });
    socket.on("error", () => {});
  }

  static async open(
    port: number,
    takeHead: () => Buffer,
    body: Buffer = Buffer.alloc(0),
  ): Promise<FrameConnection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    const window = Buffer.alloc(4);
    window.writeUInt32BE(largestWindow - initialWindow);
    socket.write(
      Buffer.concat([
        Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        writeFrame(frameType.settings, 0, 0, settings),
        writeFrame(frameType.windowUpdate, 0, 0, window),
      ]),
    );
    return new FrameConnection(socket, takeHead, body);
  }

  /** Begins so many calls. */
  start(count: number): void {
    const frames: Buffer[] = [];
    for (let index = 0; index < count; index += 1) {
      this.#lastStreamId += 2;
      const id = this.#lastStreamId;
      frames.push(
        writeFrame(frameType.headers, flag.endHeaders, id, this.#takeHead()),
        writeFrame(frameType.data, flag.endStream, id, this.#body),
      );
    }
    this.#socket.write(Buffer.concat(frames));
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    if (!this.#socket.destroyed) {
      const closed = once(this.#socket, "close");
      this.#socket.destroy();
      await closed;
    }
  }

  #read(chunk: Buffer): void {
    const bytes = this.#unread.length === 0 ? chunk : Buffer.concat([this.#unread, chunk]);
    let at = 0;
    let ended = 0;
    while (bytes.length - at >= frameHeadBytes) {
      const length = bytes.readUIntBE(at, 3);
      if (bytes.length - at < frameHeadBytes + length) {
        break;
      }
      ended += this.#take(bytes.readUInt8(at + 3), bytes.readUInt8(at + 4), length);
      at += frameHeadBytes + length;
    }
    this.#unread = bytes.subarray(at);
    this.calls += ended;
    if (ended > 0 && !this.#isClosing) {
      this.start(ended);
    }
  }

  /** @returns how many calls the frame ends */
  #take(type: number, flags: number, length: number): number {
    switch (type) {
      case frameType.data:
        this.bytes += length;
        return flags & flag.endStream;
      case frameType.headers:
        return flags & flag.endStream;
      case frameType.settings:
        if ((flags & flag.ack) === 0) {
          this.#socket.write(writeFrame(frameType.settings, flag.ack, 0));
        }
        return 0;
      case frameType.resetStream:
      case frameType.goAway:
        this.errors += 1;
        return 0;
      default:
        return 0;
    }
  }
}

/** @throws WrongAnswerError when there is none */
export function splitTokens(text: string): string[] {
  const tokens = text.split("\n").filter((line) => line !== "");
  if (tokens.length === 0) {
    throw new WrongAnswerError("the file of tokens is empty");
  }
  return tokens;
}
