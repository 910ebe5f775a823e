import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
} from "node:http2";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "hostile-test-token";
let service: IceService;

beforeAll(async () => {
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ hostile: token }), "turn.secret": "north" },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
    },
  });
});
afterAll(() => service.stop());

// Whatever was done to it, the next good request is served.
afterEach(async () => {
  const response = await fetch(`${service.url}/api/v1/ice-servers`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(200);
});

/** Sends bytes and resolves with all that came back once the server has closed. */
function sendRaw(...chunks: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(service.port, "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
    for (const chunk of chunks) {
      socket.write(chunk);
    }
  });
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);

describe("hostile HTTP/1.1", () => {
  it.each([
    {
      name: "headers over 20 KiB",
      request: `GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(21_000)}\r\n\r\n`,
      status: 431,
    },
    {
      name: "a request line over 20 KiB",
      request: `GET /${"a".repeat(21_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      status: 431,
    },
    { name: "an unknown method", request: "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", status: 400 },
    {
      name: "no HTTP at all",
      request: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
      status: 400,
    },
    {
      name: "two different lengths",
      request: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      status: 400,
    },
    {
      name: "length and chunks",
      request:
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      status: 400,
    },
    { name: "no Host", request: "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n", status: 400 },
    {
      name: "two Hosts",
      request: "GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      status: 400,
    },
    {
      name: "an obsolete line folding",
      request: "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
      status: 400,
    },
  ])("answers $name with $status", async ({ request, status }) => {
    const answer = await sendRaw(
      request,
      "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    expect(statusOf(answer)).toBe(status);
    expect(answer).toMatch(/^content-type: application\/problem\+json\r$/im);
  });

  const chunked = "Transfer-Encoding: chunked\r\n";
  it.each([
    ["lines that end in LF alone", "A: b\n"],
    ["a CR within a line", "A: b\rC: d\r\n"],
    ["CR CR LF", "A: b\r\r\n"],
    ["a NUL", "A: b\0c\r\n"],
    ["a space in a name", "A b: c\r\n"],
    ["no name", ": c\r\n"],
    ["folding by tab", "A: b\r\n\tc\r\n"],
    ["the same length twice", "Content-Length: 2\r\nContent-Length: 2\r\n"],
    ["a list of lengths", "Content-Length: 2, 2\r\n"],
    ["a length with a sign", "Content-Length: +2\r\n"],
    ["a negative length", "Content-Length: -2\r\n"],
    ["a hexadecimal length", "Content-Length: 0x2\r\n"],
    ["an empty length", "Content-Length: \r\n"],
    ["an endless length", "Content-Length: 99999999999999999999999\r\n"],
    ["a space before the colon", "Content-Length : 2\r\n"],
    ["chunks and a length", `${chunked}Content-Length: 2\r\n`],
    ["chunks, then something else", "Transfer-Encoding: chunked, identity\r\n"],
    ["chunks twice", "Transfer-Encoding: chunked, chunked\r\n"],
    ["chunks and something else", `${chunked}Transfer-Encoding: identity\r\n`],
    ["chunks behind a vertical tab", "Transfer-Encoding: \x0bchunked\r\n"],
    ["chunks behind a space before the colon", "Transfer-Encoding : chunked\r\n"],
    ["an unknown coding", "Transfer-Encoding: xchunked\r\n"],
    ["a hexadecimal chunk", `${chunked}\r\n0x2\r\n{}\r\n0\r\n`],
    ["a negative chunk", `${chunked}\r\n-2\r\n{}\r\n0\r\n`],
    ["an endless chunk", `${chunked}\r\nfffffffffffffffff\r\n{}\r\n0\r\n`],
    ["a chunk whose size ends in LF", `${chunked}\r\n2\n{}\r\n0\r\n`],
    ["a chunk that ends in LF", `${chunked}\r\n2\r\n{}\n0\r\n`],
    ["a chunk extension with LF", `${chunked}\r\n2;a\nb\r\n{}\r\n0\r\n`],
    ["a chunk longer than it says", `${chunked}\r\n1\r\n{}\r\n0\r\n`],
  ])("closes the connection at %s, before what follows is a request", async (_, lines) => {
    const head = `POST /ice.v1.IceService/GetIceServers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
    const next = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const answer = await sendRaw(Buffer.from(`${head}${lines}\r\n{}${next}${next}`, "latin1"));
    expect(answer).not.toContain("healthy");
    // The headers alone may be answered, before anything is wrong with the body.
    expect(answer).toMatch(/^HTTP\/1\.1 (400|401|501) /);
  });

  it.each(["gzip, chunked", "gzip,chunked", "x, Chunked"])(
    "does not take %s for chunks alone",
    async (coding) => {
      const head = `POST /ice.v1.IceService/GetIceServers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\n`;
      const answer = await sendRaw(
        `${head}Transfer-Encoding: ${coding}\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      );
      expect(statusOf(answer)).toBe(501);
    },
  );

  it("sees a second Host behind thousands of other fields", async () => {
    const others = "a:\r\n".repeat(3_000);
    const answer = await sendRaw(
      `GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${others}Host: y\r\n\r\n`,
    );
    expect(statusOf(answer)).toBe(400);
  });

  it("is no proxy, and logs who takes it for one", async () => {
    expect(statusOf(await sendRaw("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\nGET / "))).toBe(501);
    await expect
      .poll(() => service.logs().find(({ cause }) => cause === "CONNECT"))
      .toMatchObject({ msg: "request", status: 501, remoteAddress: "127.0.0.1" });
  });

  it("answers what came before a malformed request, and logs that as well", async () => {
    const answer = await sendRaw("GET /health HTTP/1.1\r\nHost: x\r\n\r\nSSH-2.0-x\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*healthy"}$/s);
    const unanswered = () =>
      service.logs().find((line) => line["cause"] === "HPE_INVALID_METHOD" && !("status" in line));
    await expect.poll(unanswered).toMatchObject({ msg: "request", remoteAddress: "127.0.0.1" });
  });

  it("logs a malformed request without what it said", async () => {
    await sendRaw("BREW /secret-path HTTP/1.1\r\nHost: x\r\n\r\n");
    await expect
      .poll(() => service.logs().find((line) => line["cause"] === "HPE_INVALID_METHOD"))
      .toMatchObject({ msg: "request", status: 400, remoteAddress: "127.0.0.1" });
    expect(service.stderr()).not.toContain("secret-path");
  });

  it("serves a request without Host when it is HTTP/1.0", async () => {
    expect(statusOf(await sendRaw("GET /health HTTP/1.0\r\n\r\n"))).toBe(200);
  });

  it("takes the absolute form of a request target", async () => {
    const answer = await sendRaw(
      "GET http://h/health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    );
    expect(statusOf(answer)).toBe(200);
  });

  it("lets a client that is still sending see the answer that came first", async () => {
    // The service ends its side with the answer.
    const socket = connect({ port: service.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.setEncoding("latin1").on("error", () => {});
    let received = "";
    const closed = once(socket, "close");
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.write(
      "POST /ice.v1.IceService/WatchIceServers HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    await expect.poll(() => received).toMatch(/unauthenticated/);
    socket.end("7\r\n\0\0\0\0\x02{}\r\n0\r\n\r\n");
    await closed;
    // Whole: it has ended, and was not cut.
    const [head = "", body = ""] = received.split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^content-length: ${body.length}\r?$`, "m"));
  });

  it("leaves a client that sends too much the time to read the answer", async () => {
    const answers = () => service.logs().filter(({ status }) => status === 429).length;
    const before = answers();
    // Reads nothing yet. A reset would fail what it still has to write, and so its whole request.
    const socket = connect(service.port, "127.0.0.1").pause();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    socket.write(
      `POST /ice.v1.IceService/GetIceServers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: 30000000\r\n\r\n`,
    );
    socket.write(Buffer.alloc(30_000_000, " "));
    await expect.poll(answers, { timeout: 10_000 }).toBe(before + 1);
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.resume();
    await closed;
    expect(statusOf(received)).toBe(429);
  });

  it("refuses a body over 64 KiB and does not read on", async () => {
    const head = `POST /ice.v1.IceService/GetIceServers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: 1000000000\r\n\r\n`;
    const answer = await sendRaw(head, Buffer.alloc(100_000, " "));
    expect(statusOf(answer)).toBe(429);
    expect(answer).toContain("resource_exhausted");
  });

  it("does not inflate a compressed bomb", async () => {
    const response = await fetch(`${service.url}/ice.v1.IceService/GetIceServers`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
        Authorization: `Bearer ${token}`,
      },
      body: gzipSync(Buffer.alloc(50_000_000, " ")),
    });
    expect(response.status).toBe(429);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/grpc+thrift", ""])(
    "refuses content type %j",
    async (type) => {
      const response = await fetch(`${service.url}/ice.v1.IceService/GetIceServers`, {
        method: "POST",
        headers: { "Content-Type": type },
        body: "x",
      });
      expect(response.status).toBe(415);
    },
  );

  it("takes bytes that are no protobuf message for a mistake of who sent them", async () => {
    const response = await fetch(`${service.url}/ice.v1.IceService/GetIceServers`, {
      method: "POST",
      headers: { "Content-Type": "application/proto", Authorization: `Bearer ${token}` },
      body: Buffer.from([0, 1, 2]),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_argument" });
  });

  it("lets a client read why its headers are refused while it still sends them", async () => {
    const line = `A: ${"a".repeat(1_000)}\r\n`;
    for (let tries = 0; tries < 30; tries += 1) {
      const socket = connect(service.port, "127.0.0.1");
      let received = "";
      socket.on("data", (chunk) => {
        received += chunk;
      });
      let failure: Error | undefined;
      socket.on("error", (error) => {
        failure = error;
      });
      const closed = once(socket, "close");
      socket.write("GET / HTTP/1.1\r\nHost: x\r\n");
      for (let sent = 0; sent < 300 && socket.writable; sent += 1) {
        socket.write(line);
        await nextTurn();
      }
      socket.end();
      await closed.catch(() => {});
      expect([statusOf(received), failure]).toEqual([431, undefined]);
    }
  });

  it("cuts a client that sends its headers slowly, and one that sends nothing", async () => {
    const startedAtMs = performance.now();
    const slow = connect(service.port, "127.0.0.1");
    slow.on("error", () => {});
    slow.write("GET /health HTTP/1.1\r\n");
    const drip = setInterval(() => slow.write("X-A: b\r\n"), 1_000);
    const silent = connect(service.port, "127.0.0.1");
    const preface = connect(service.port, "127.0.0.1");
    preface.write("PRI");
    await Promise.all([slow, silent, preface].map(closed));
    clearInterval(drip);
    // A bound on the rule, not a measure of speed: the port grants 10 s for headers, 30 s for a request.
    expect(performance.now() - startedAtMs).toBeLessThan(25_000);
  });
});

describe("HTTP/2 on the same port", () => {
  it("takes the preface one byte at a time", async () => {
    const socket = connect(service.port, "127.0.0.1").setNoDelay(true);
    const settingsFrame = Buffer.from("000000040000000000", "hex");
    const preface = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settingsFrame]);
    for (const byte of preface) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const frame = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    expect(frame[3]).toBe(4); // SETTINGS
    socket.destroy();
  });

  it.each<[string, Buffer]>([
    ["a frame cut short", Buffer.from([0, 0, 0, 0, 9, 1, 2])],
    ["a frame that announces 4 GiB", Buffer.from([0, 255, 255, 255, 255])],
    ["a compressed message without grpc-encoding", Buffer.from([1, 0, 0, 0, 1, 0])],
    ["no message at all", Buffer.alloc(0)],
    ["two messages", Buffer.alloc(10)],
  ])("answers gRPC with %s by an error status", async (_, body) => {
    const session = connectHttp2(service.url);
    const status = await callGrpc(session, body);
    session.close();
    expect(status).toBeGreaterThan(0);
  });

  it("refuses headers over the limit without falling over", async () => {
    const session = connectHttp2(service.url);
    const ended = new Promise<string>((resolve) => {
      const stream = session.request({ ":path": "/health", a: "a".repeat(40_000) });
      stream.on("response", (headers) => resolve(String(headers[":status"])));
      stream.on("error", (error) => resolve(error.message));
      session.on("error", () => {});
    });
    expect(await ended).toBe("431");
    session.destroy();
  });

  it("says 100 to a client that waits for it", async () => {
    const session = connectHttp2(service.url);
    const stream = session.request({
      ":method": "POST",
      ":path": "/ice.v1.IceService/GetIceServers",
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
      expect: "100-continue",
    });
    const status = new Promise((resolve) =>
      stream.on("response", (headers) => resolve(headers[":status"])),
    );
    stream.on("continue", () => stream.end("{}"));
    expect(await status).toBe(200);
    session.close();
  });

  it.each<[string, Record<string, string>, string]>([
    ["a lone surrogate", { "content-type": "application/grpc+json" }, '{"ttlSeconds":"\\ud800"}'],
    ["a long header", { "grpc-encoding": Buffer.alloc(12_000, 0xe9).toString("latin1") }, ""],
  ])(
    "answers gRPC with %s, and serves the next call on the connection",
    async (_, headers, json) => {
      const session = connectHttp2(service.url);
      const envelope = Buffer.alloc(5);
      envelope.writeUInt32BE(json.length, 1);
      const body = Buffer.concat([envelope, Buffer.from(json)]);
      expect(await callGrpc(session, body, headers)).toBeGreaterThan(0);
      expect(await callGrpc(session, Buffer.alloc(5))).toBe(0);
      session.close();
    },
  );
});

describe("clients that do not wait", () => {
  it("leave no streams behind that they have asked for ahead of the answers", async () => {
    const watch =
      "POST /grpc.health.v1.Health/Watch HTTP/1.1\r\nHost: x\r\nContent-Type: application/connect+json\r\nContent-Length: 7\r\n\r\n\0\0\0\0\x02{}";
    const askAhead = async () => {
      const socket = await open();
      const ended = closed(socket);
      const answered = new Promise((resolve) => socket.once("data", resolve));
      socket.write(watch.repeat(8));
      await answered;
      socket.destroy();
      await ended;
    };
    const canceled = () => service.logs().filter(({ code }) => code === "canceled").length;
    const before = canceled();
    for (let i = 0; i < 30; i += 1) {
      await askAhead();
    }
    // The others have not begun.
    await expect.poll(() => canceled() - before).toBe(30);
  });

  it("get an answer to a body of single bytes, and hold up nobody", async () => {
    const head = `POST /ice.v1.IceService/GetIceServers HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(statusOf(await sendRaw(head, "1\r\n \r\n".repeat(60_000), "0\r\n\r\n"))).toBe(400);
  });

  it("can go on with a connection whose request came too late", async () => {
    const socket = await open();
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.write(
      `POST /ice.v1.IceService/GetIceServers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nConnect-Timeout-Ms: 50\r\nContent-Length: 60000\r\n\r\n`,
    );
    await expect.poll(() => statusOf(received)).toBe(504);
    for (let i = 0; i < 4; i += 1) {
      socket.write(" ".repeat(15_000));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    await expect.poll(() => received).toContain('{"status":"healthy"}');
    socket.destroy();
  });
});

describe("connections", () => {
  it("10,000 opened and dropped leave neither descriptors nor memory behind", async () => {
    const descriptors = () => readdirSync(`/proc/${service.pid}/fd`).length;
    const residentKb = () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, "utf8"))?.[1]);
    const before = { descriptors: descriptors(), residentKb: residentKb() };
    for (let round = 0; round < 20; round += 1) {
      const sockets = await Promise.all(Array.from({ length: 500 }, () => open()));
      for (const [index, socket] of sockets.entries()) {
        if (index % 3 === 0) {
          socket.write("GET /hea");
        }
        socket.destroy();
      }
    }
    await expect.poll(descriptors).toBeLessThan(before.descriptors + 20);
    expect(residentKb()).toBeLessThan(before.residentKb + 100_000);
  });
});

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(service.port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
    socket.on("error", () => {});
  });
}

function closed(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

function callGrpc(
  session: ClientHttp2Session,
  body: Buffer,
  headers: Record<string, string> = {},
): Promise<number> {
  const stream = session.request({
    ":method": "POST",
    ":path": "/ice.v1.IceService/GetIceServers",
    "content-type": "application/grpc",
    te: "trailers",
    authorization: `Bearer ${token}`,
    ...headers,
  });
  stream.end(body);
  return grpcStatus(stream);
}

function grpcStatus(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve, reject) => {
    const look = (headers: Record<string, unknown>) => {
      if (headers["grpc-status"] !== undefined) {
        resolve(Number(headers["grpc-status"]));
      }
    };
    stream.on("response", look).on("trailers", look).on("error", reject);
    stream.on("close", () => reject(new Error("the stream ended without grpc-status")));
    stream.resume();
  });
}
