import { type ClientRequest, request } from "node:http";
import { connect } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { calls } from "../calls/call.js";
import { WrongAnswerError } from "../failure.js";

const openedTogether = 50;
const pollMs = 20;
const timeoutMs = 120_000;

export type WatchProtocol = "sse" | "grpc";

/** What the head of a stream said. */
export type HeadListener = (
  status: number | undefined,
  headers: readonly (readonly [name: string, value: string])[],
) => void;

/** One watch on a connection of its own. */
interface Watch {
  /** How many messages have come. */
  messages: number;
  /** How many are due. */
  wanted: number;
  bytes: number;
  isOpen: boolean;
  close(): void;
}

/** Watches that stay open, each on a connection of its own. */
export interface Watches {
  /** Opens more, up to that many in all, each of which has got its first message. */
  growTo(count: number): Promise<void>;
  /** Waits until every one has got a message more than when this was last awaited. */
  receiveAnother(): Promise<void>;
  /** The bytes of all messages so far. */
  countBytes(): number;
  close(): void;
}

/**
 * @param onHead called with the head of each response
 * @throws WrongAnswerError (later) when a watch ends, or gets nothing for two minutes
 */
export function createWatches(
  protocol: WatchProtocol,
  url: string,
  token: string,
  onHead: HeadListener = () => {},
): Watches {
  const open = { sse: openEventStream, grpc: openGrpcStream }[protocol];
  const watches: Watch[] = [];

  async function receiveAll(): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (watches.some(({ messages, wanted }) => messages < wanted)) {
      const ended = watches.filter(({ isOpen }) => !isOpen).length;
      if (ended > 0 || performance.now() > deadlineMs) {
        throw new WrongAnswerError(`${url}: ${ended} watches ended while a message was due`);
      }
      await sleep(pollMs);
    }
  }

  return {
    async growTo(count) {
      while (watches.length < count) {
        const more = Math.min(openedTogether, count - watches.length);
        watches.push(...Array.from({ length: more }, () => open(url, token, onHead)));
        await receiveAll();
      }
    },
    async receiveAnother() {
      for (const watch of watches) {
        watch.wanted += 1;
      }
      await receiveAll();
    },
    countBytes: () => watches.reduce((total, { bytes }) => total + bytes, 0),
    close() {
      for (const watch of watches) {
        watch.close();
      }
    },
  };
}

function openEventStream(url: string, token: string, onHead: HeadListener): Watch {
  const headers = { authorization: `Bearer ${token}` };
  const call: ClientRequest = request(`${url}/api/v1/ice-servers:watch`, { agent: false, headers });
  const watch: Watch = {
    messages: 0,
    wanted: 1,
    bytes: 0,
    isOpen: true,
    close: () => call.destroy(),
  };
  const end = () => {
    watch.isOpen = false;
  };
  call.on("error", end).on("close", end).end();
  call.once("response", (response) => {
    onHead(response.statusCode, pairUp(response.rawHeaders));
    response.on("error", end).on("data", (chunk: Buffer) => {
      watch.bytes += chunk.byteLength;
      watch.messages += chunk.includes("data: ") ? 1 : 0;
    });
  });
  return watch;
}

function openGrpcStream(url: string, token: string, onHead: HeadListener): Watch {
  const session = connect(url);
  const stream = session.request({
    ":method": "POST",
    ":path": "/ice.v1.IceService/WatchIceServers",
    ...calls.grpc.headers,
    authorization: `Bearer ${token}`,
  });
  const watch: Watch = {
    messages: 0,
    wanted: 1,
    bytes: 0,
    isOpen: true,
    close: () => session.destroy(),
  };
  const end = () => {
    watch.isOpen = false;
  };
  session.on("error", end);
  stream.on("error", end).on("close", end).end(calls.grpc.body);
  stream.once("response", ({ ":status": status, ...fields }) => {
    onHead(
      status,
      Object.entries(fields).map(([name, value]) => [name, String(value)]),
    );
  });
  // How many bytes of the present message, its prefix included, are still to come.
  let left = 0;
  stream.on("data", (chunk: Buffer) => {
    watch.bytes += chunk.byteLength;
    for (let at = 0; at < chunk.byteLength; ) {
      if (left === 0) {
        left = 5 + chunk.readUInt32BE(at + 1);
      }
      const taken = Math.min(left, chunk.byteLength - at);
      left -= taken;
      at += taken;
      watch.messages += left === 0 ? 1 : 0;
    }
  });
  return watch;
}

function pairUp(raw: readonly string[]): [name: string, value: string][] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""]] : []));
}
