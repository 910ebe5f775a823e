import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from "node:http2";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DiskFiles } from "../../src/files/disk-files.js";
import { Guard } from "../../src/http/guard.js";
import type { ExchangeListener, HttpExchange } from "../../src/http/http-exchange.js";
import { type HttpLimits, httpLimits } from "../../src/http/http-limits.js";
import type { HttpAnswer } from "../../src/http/http-message.js";
import { openPort, type PortListener } from "../../src/server/port-listener.js";
import {
  connectRawHttp2,
  flag,
  frameType,
  writeFrame,
  writeHeaders,
} from "../parts/http2-frames.js";

/** Answers when the whole request is there, as a unary handler does. */
const answerWhole: ExchangeListener = (exchange) => {
  exchange.body.resume().on("end", () => {
    // A stream that the port has cut ends too.
    if (!exchange.isGone()) {
      exchange.send({ status: 200, headers: {}, body: "done" });
    }
  });
};

/** Answers with more than the system takes for a client that does not read. */
function answerMuch(): { listener: ExchangeListener; dropped: Promise<unknown> } {
  let drop: (value: unknown) => void;
  const dropped = new Promise((resolve) => {
    drop = resolve;
  });
  return {
    listener(exchange) {
      exchange.output.once("close", drop);
      exchange.send({ status: 200, headers: {}, body: Buffer.alloc(32 * 1024 * 1024) });
    },
    dropped,
  };
}

let port: PortListener | undefined;
afterEach(async () => {
  await port?.close({ timeoutMs: 0 });
});

async function open(limits: Partial<HttpLimits>, maxConnections = 100, listener = answerWhole) {
  port = await openPort(
    { host: "127.0.0.1", port: 0, maxConnections },
    {
      files: new DiskFiles(),
      limits: { ...httpLimits, ...limits },
      guard: new Guard({ error() {} }),
      listener,
      malformedRequestListener: (_, socket) => socket.destroy(),
    },
  );
  return port.url;
}

const portOf = (url: string) => Number(new URL(url).port);

/** A whole request, as one HTTP/2 frame. */
function getRequest(streamId: number): Buffer {
  const fields = { ":method": "GET", ":scheme": "http", ":path": "/", ":authority": "x" };
  const flags = flag.endHeaders | flag.endStream;
  return writeFrame(frameType.headers, flags, streamId, writeHeaders(fields));
}

/** Until writing to an HTTP/2 connection fails, which is how a client that does not read notices. */
async function untilDropped(socket: Socket): Promise<void> {
  const ping = writeFrame(frameType.ping, 0, 0, Buffer.alloc(8));
  const drip = setInterval(() => socket.write(ping), 50);
  await new Promise((resolve) => socket.once("close", resolve));
  clearInterval(drip);
}

async function connectRaw(url: string, bytes = ""): Promise<Socket> {
  const socket = connect(portOf(url), "127.0.0.1");
  socket.on("error", () => {}).resume();
  await once(socket, "connect");
  socket.write(bytes);
  return socket;
}

/** Opens a stream, and does not end its request. */
function startRequest(url: string): { session: ClientHttp2Session; stream: ClientHttp2Stream } {
  const session = connectHttp2(url);
  session.on("error", () => {});
  const stream = session.request({ ":method": "POST", ":path": "/" });
  stream.on("error", () => {}).resume();
  stream.write("x");
  return { session, stream };
}

// Each of these would hang for ever, and so fail, if the port did not end the connection.
describe("openPort ends", () => {
  it("an HTTP/1.1 connection that sends nothing", async () => {
    const socket = await connectRaw(await open({ headersTimeoutMs: 200, checkIntervalMs: 100 }));
    await once(socket, "close");
  });

  it("an HTTP/1.1 connection that is idle between requests", async () => {
    const url = await open({ idleTimeoutMs: 200 });
    const socket = await connectRaw(url, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "close");
  });

  it("an HTTP/1.1 request whose body does not come", async () => {
    const url = await open({ headersTimeoutMs: 200, checkIntervalMs: 100, requestTimeoutMs: 300 });
    const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx";
    await once(await connectRaw(url, head), "close");
  });

  it("an HTTP/2 connection that is idle between requests", async () => {
    const session = connectHttp2(await open({ idleTimeoutMs: 200 }));
    const stream = session.request({ ":path": "/" });
    stream.resume();
    await once(session, "close");
  });

  it("an HTTP/2 request whose body does not come, and only that stream", async () => {
    const { session, stream } = startRequest(
      await open({ headersTimeoutMs: 200, checkIntervalMs: 100, requestTimeoutMs: 200 }),
    );
    await once(stream, "close");
    expect(session.destroyed).toBe(false);
    session.destroy();
  });

  it("an HTTP/2 connection that is idle after a stream that outlived the limit", async () => {
    const url = await open({ idleTimeoutMs: 200, checkIntervalMs: 50 });
    const { session, stream } = startRequest(url);
    await new Promise((resolve) => setTimeout(resolve, 400));
    stream.close(constants.NGHTTP2_CANCEL);
    await once(session, "close");
  });

  it("an HTTP/2 stream whose answer is not taken", async () => {
    const session = connectHttp2(
      await open({ headersTimeoutMs: 200, requestTimeoutMs: 200, checkIntervalMs: 50 }),
      {
        settings: { initialWindowSize: 0 },
      },
    );
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => {}).resume();
    await once(stream, "close");
    session.destroy();
  });

  it("an HTTP/1.1 connection whose answer is not taken", async () => {
    const { listener, dropped } = answerMuch();
    const limits = { headersTimeoutMs: 200, requestTimeoutMs: 300, checkIntervalMs: 50 };
    const socket = await connectRaw(await open(limits, 100, listener));
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await dropped;
    socket.destroy();
  });

  it("an HTTP/2 connection whose client takes nothing from the wire", async () => {
    const { listener } = answerMuch();
    const limits = { headersTimeoutMs: 200, requestTimeoutMs: 300, idleTimeoutMs: 500 };
    const url = await open({ ...limits, checkIntervalMs: 50 }, 100, listener);
    const { socket } = await connectRawHttp2(portOf(url), Buffer.from("00047fffffff", "hex"));
    socket.pause();
    socket.write(writeFrame(frameType.windowUpdate, 0, 0, Buffer.from("7fff0000", "hex")));
    socket.write(getRequest(1));
    await untilDropped(socket);
  });

  it("an HTTP/2 connection that sends much beside its requests", async () => {
    const url = await open({ checkIntervalMs: 50, maxControlBytes: 1_000 });
    const client = await connectRawHttp2(portOf(url));
    client.socket.write(writeFrame(0xbb, 0, 0, Buffer.alloc(10_000)));
    await once(client.socket, "close");
    expect(client.goAwayCode()).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });

  it("an HTTP/2 connection that it has said good-bye to, when it is idle", async () => {
    const url = await open({ checkIntervalMs: 50, idleTimeoutMs: 200 });
    const client = await connectRawHttp2(portOf(url));
    await client.flood(10_000, (index) => {
      const reset = writeFrame(frameType.resetStream, 0, 2 * index + 1, Buffer.alloc(4));
      return Buffer.concat([getRequest(2 * index + 1), reset]);
    });
    await untilDropped(client.socket);
  });

  it("a connection over the limit", async () => {
    const url = await open({}, 1);
    const first = await connectRaw(url);
    await once(await connectRaw(url), "close");
    expect(first.destroyed).toBe(false);
    first.destroy();
  });
});

describe("openPort answers a client that is still sending", () => {
  // What would only come after some time never comes.
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  const ok = { status: 200, headers: {}, body: "done" };
  const rows: readonly (readonly [what: string, method: string, HttpAnswer, end: RegExp])[] = [
    ["with a body", "POST", ok, /\r\n\r\n4\r\ndone\r\n0\r\n\r\n$/],
    [
      "with trailers, as gRPC",
      "POST",
      { ...ok, trailers: { "grpc-status": "16" } },
      /\r\n0\r\ngrpc-status: 16\r\n\r\n$/,
    ],
    ["without a body", "POST", { ...ok, status: 204, body: "" }, /^HTTP\/1.1 204 .*\r\n\r\n$/s],
    ["to HEAD", "HEAD", ok, /^HTTP\/1.1 200 .*\r\n\r\n$/s],
  ];

  it.each(rows)("at once, and listens on for a while: %s", async (_, method, answer, end) => {
    const url = await open({}, 100, (exchange) => exchange.send(answer));
    const socket = connect({ port: portOf(url), host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => {});
    socket.write(`${method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n`);
    expect(await text(socket)).toMatch(end);
    socket.write(Buffer.alloc(100_000));
    vi.advanceTimersByTime(1_999);
    expect(port?.openConnections).toBe(1);
    vi.advanceTimersByTime(1);
    await expect.poll(() => port?.openConnections).toBe(0);
    socket.destroy();
  });
});

describe("openPort begins", () => {
  it.each([1, 2])("few requests in a turn of the event loop, of HTTP/%i", async (version) => {
    let begun = 0;
    let inThisTurn = 0;
    let most = 0;
    const url = await open({}, 100, (exchange) => {
      begun += 1;
      inThisTurn += 1;
      most = Math.max(most, inThisTurn);
      setImmediate(() => {
        inThisTurn = 0;
      });
      exchange.send({ status: 200, headers: {}, body: "done" });
    });
    const streams = Buffer.concat(Array.from({ length: 100 }, (_, i) => getRequest(2 * i + 1)));
    const bytes = version === 1 ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100) : streams;
    const connect = () =>
      version === 1 ? connectRaw(url) : connectRawHttp2(portOf(url)).then(({ socket }) => socket);
    const connections = await Promise.all(Array.from({ length: 4 }, connect));
    for (const socket of connections) {
      socket.write(bytes);
    }
    await expect.poll(() => begun).toBe(400);
    expect(most).toBeLessThanOrEqual(2 * 16);
    for (const socket of connections) {
      socket.destroy();
    }
  });
});

describe("openPort does not end", () => {
  it("an HTTP/1.1 answer that is quiet", async () => {
    let answer: HttpExchange | undefined;
    const url = await open({ headersTimeoutMs: 100, requestTimeoutMs: 200 }, 100, (exchange) => {
      exchange.start(200, {}, false);
      exchange.output.write("first");
      answer = exchange;
    });
    const socket = await connectRaw(url, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    answer?.output.write("second");
    await expect.poll(() => received).toContain("second");
    socket.destroy();
  });

  it.each([
    ["a part of which was read", true],
    ["that was not read", false],
  ])("an HTTP/2 connection for a request %s", async (_, readsPart) => {
    const closed: Promise<unknown>[] = [];
    const listener: ExchangeListener = async (exchange) => {
      closed.push(once(exchange.body, "close"));
      if (readsPart) {
        for await (const _ of exchange.body.iterator({ destroyOnReturn: false })) {
          break;
        }
      }
      exchange.start(200, {}, true);
      exchange.write("enough");
      exchange.finish({ "x-outcome": "enough" });
    };
    const url = await open({ requestTimeoutMs: 60_000 }, 100, listener);
    const session = connectHttp2(url);
    session.on("error", () => {});
    for (let round = 0; round < 5; round += 1) {
      const stream = session.request({ ":method": "POST", ":path": "/" });
      stream.on("error", () => {}).end(Buffer.alloc(60_000));
      expect(await text(stream)).toBe("enough");
    }
    // The port holds no part of these requests, and waits for none.
    expect(await Promise.all(closed)).toHaveLength(5);
    session.destroy();
  });

  it("an HTTP/2 connection whose requests are what it sends much of", async () => {
    const url = await open({ checkIntervalMs: 50, maxControlBytes: 1_000 });
    const session = connectHttp2(url);
    session.on("error", () => {});
    for (let round = 0; round < 5; round += 1) {
      const stream = session.request({ ":method": "POST", ":path": "/" });
      stream.end(Buffer.alloc(20_000)).resume();
      await once(stream, "close");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(session.destroyed).toBe(false);
    session.destroy();
  });
});
