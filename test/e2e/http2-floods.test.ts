import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  connectRawHttp2,
  firstDynamicHeader,
  flag,
  frameType,
  writeFrame,
  writeHeaders,
  writeIndexedHeader,
} from "../parts/http2-frames.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

/** Far more than the server needs to notice a flood: what is tested is that there is an end. */
const longestFloodMs = 15_000;
const mostMemoryKb = 150_000;

let service: IceService;
beforeAll(async () => {
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ flood: "flood-test-token" }) },
    config: { auth: { connectorTokensFile: "tokens.yaml" } },
  });
});
afterAll(() => service.stop());

const residentKb = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, "utf8"))?.[1]);

/** Does something, while a neighbour has to be served all the time, and memory has to stay bounded. */
async function besideNeighbour<T>(attack: () => Promise<T>): Promise<T> {
  const before = residentKb();
  let going = true;
  const ask = async () => (await fetch(`${service.url}/health`)).status;
  const neighbour = (async () => {
    while (going) {
      expect(await ask()).toBe(200);
    }
  })();
  try {
    return await attack();
  } finally {
    going = false;
    await neighbour;
    expect(await ask()).toBe(200);
    expect(residentKb() - before).toBeLessThan(mostMemoryKb);
  }
}

const get = { ":method": "GET", ":scheme": "http", ":path": "/health", ":authority": "x" };
const post = { ...get, ":method": "POST", ":path": "/ice.v1.IceService/GetIceServers" };
const both = flag.endHeaders | flag.endStream;
const streamId = (index: number) => 2 * index + 1;
const completeGet = writeFrame(frameType.headers, both, 1, writeHeaders(get));
const writeOpenPost = (fields: Readonly<Record<string, string>> = {}) =>
  writeFrame(
    frameType.headers,
    flag.endHeaders,
    1,
    writeHeaders({ ...post, "content-type": "application/json", ...fields }),
  );
const openPost = writeOpenPost();
/** With a token, so that its body is waited for. */
const waitingPost = writeOpenPost({ authorization: "Bearer flood-test-token" });
const number = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
/** So many frames that the flood is one of frames and not of system calls. */
const many = (frame: Buffer) => Buffer.concat(Array.from({ length: 500 }, () => frame));

interface Flood {
  readonly name: string;
  readonly first?: Buffer;
  readonly chunk: Buffer | ((index: number) => Buffer);
  /** Whether the client takes what the server sends. */
  readonly reads?: boolean;
}

const ping = many(writeFrame(frameType.ping, 0, 0, Buffer.alloc(8)));
const settings = many(writeFrame(frameType.settings, 0, 0));
const floods: Flood[] = [
  {
    name: "streams that are reset at once (CVE-2023-44487)",
    chunk: (index) =>
      Buffer.concat([
        writeFrame(frameType.headers, both, streamId(index), writeHeaders(get)),
        writeFrame(frameType.resetStream, 0, streamId(index), number(8)),
      ]),
  },
  {
    name: "CONTINUATION frames without an end (CVE-2024-27316)",
    first: writeFrame(frameType.headers, flag.endStream, 1, writeHeaders(get)),
    chunk: many(writeFrame(frameType.continuation, 0, 1, writeHeaders({ a: "b" }))),
  },
  {
    name: "empty CONTINUATION frames",
    first: writeFrame(frameType.headers, flag.endStream, 1, writeHeaders(get)),
    chunk: many(writeFrame(frameType.continuation, 0, 1)),
  },
  { name: "SETTINGS (CVE-2019-9515)", chunk: settings },
  { name: "SETTINGS whose acknowledgements are not read", chunk: settings, reads: false },
  {
    name: "SETTINGS of many entries",
    chunk: writeFrame(
      frameType.settings,
      0,
      0,
      Buffer.concat(Array.from({ length: 2_000 }, () => Buffer.from("000300000064", "hex"))),
    ),
  },
  { name: "PING (CVE-2019-9512)", chunk: ping },
  { name: "PING whose acknowledgements are not read", chunk: ping, reads: false },
  {
    name: "empty DATA (CVE-2019-9518)",
    first: openPost,
    chunk: many(writeFrame(frameType.data, 0, 1)),
  },
  {
    name: "headers without name and value (CVE-2019-9516)",
    chunk: (index) =>
      writeFrame(
        frameType.headers,
        both,
        streamId(index),
        Buffer.concat([writeHeaders(get), Buffer.alloc(3_000)]),
      ),
  },
  {
    name: "empty HEADERS",
    chunk: (index) => writeFrame(frameType.headers, both, streamId(index)),
  },
  {
    name: "WINDOW_UPDATE of the connection",
    chunk: many(writeFrame(frameType.windowUpdate, 0, 0, number(1))),
  },
  {
    name: "WINDOW_UPDATE of a stream",
    first: openPost,
    chunk: many(writeFrame(frameType.windowUpdate, 0, 1, number(1))),
  },
  {
    name: "PRIORITY (CVE-2019-9513)",
    chunk: many(writeFrame(frameType.priority, 0, 1, Buffer.from("0000000010", "hex"))),
  },
  { name: "frames of an unknown type", chunk: many(writeFrame(0xbb, 0, 0, Buffer.alloc(8))) },
  {
    name: "streams over the limit, none of them ended",
    chunk: (index) =>
      writeFrame(frameType.headers, flag.endHeaders, streamId(index), writeHeaders(post)),
  },
];

describe("a flood is cut, and nobody else notices, of", () => {
  it.each(floods)("$name", async ({ first, chunk, reads = true }) => {
    await besideNeighbour(async () => {
      const client = await connectRawHttp2(service.port);
      if (!reads) {
        client.socket.pause();
      }
      client.socket.write(first ?? "");
      await client.flood(longestFloodMs, typeof chunk === "function" ? chunk : () => chunk);
      // After its good-bye, the server does not read on, and ends the connection as idle.
      expect(client.isClosed() || client.goAwayCode() !== undefined).toBe(true);
    });
  });
});

it.each<[event: string, lines: number, frame: Buffer, ended: readonly number[]]>([
  ["a broken rule before any call", 1, Buffer.alloc(0), []],
  ["a broken rule during a call", 1, waitingPost, []],
  ["the end of a grpc-go client, which breaks a rule", 0, completeGet, [1]],
])("the log tells of %s in %i lines", async (_, lines, frame, ended) => {
  const broken = () => service.logs().filter(({ cause }) => cause === "Protocol error");
  const before = broken().length;
  const client = await connectRawHttp2(service.port);
  client.socket.write(frame);
  await expect.poll(client.endedStreams).toEqual(ended);
  expect(await client.ping()).toBe(true);
  const lastStream = Buffer.from("7fffffff00000000", "hex");
  client.socket.write(writeFrame(frameType.goAway, 0, 0, lastStream));
  await expect.poll(client.isClosed).toBe(true);
  // A line that comes after it.
  await expect
    .poll(async () => {
      await fetch(`${service.url}/health`);
      return broken().length - before;
    })
    .toBe(lines);
});

it("the log tells of a flood that was never a request", async () => {
  const ended = () => service.logs().filter(({ msg }) => msg === "HTTP/2 connection ended");
  await expect.poll(ended).toContainEqual(
    expect.objectContaining({
      remoteAddress: "127.0.0.1",
      cause: "more came than its requests account for",
    }),
  );
  expect(ended().length).toBeLessThanOrEqual(floods.length);
});

describe("memory stays bounded with", () => {
  it("header bombs: a large field that is named again and again", async () => {
    await besideNeighbour(async () => {
      const client = await connectRawHttp2(service.port);
      const first = writeIndexedHeader("x-bomb", "a".repeat(4_000));
      const bomb = Buffer.alloc(12_000, firstDynamicHeader);
      await client.flood(longestFloodMs, (index) =>
        writeFrame(
          frameType.headers,
          both,
          streamId(index),
          Buffer.concat([writeHeaders(get), index === 0 ? first : Buffer.alloc(0), bomb]),
        ),
      );
      expect(client.count(frameType.headers)).toBe(0);
    });
  });

  it("a client that asks and does not read", async () => {
    await besideNeighbour(async () => {
      const clients = await Promise.all(
        Array.from({ length: 20 }, () => connectRawHttp2(service.port)),
      );
      await Promise.all(
        clients.map(async (client) => {
          client.socket.pause();
          await client.flood(4_000, (index) =>
            writeFrame(frameType.headers, both, streamId(index), writeHeaders(get)),
          );
          client.socket.destroy();
        }),
      );
    });
  });

  it("a client that asks and grants no window for the answers", async () => {
    await besideNeighbour(async () => {
      const client = await connectRawHttp2(service.port, Buffer.from("000400000000", "hex"));
      await client.flood(4_000, (index) =>
        writeFrame(frameType.headers, both, streamId(index), writeHeaders(get)),
      );
      client.socket.destroy();
    });
  });
});
