import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectRawHttp2, frameType, writeFrame, writeHeaders } from "../parts/http2-frames.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";
import { fuzzTimeoutMs, textOf, tryToBreak } from "./property.js";

const token = "fuzz-test-token";
const authorization = `Bearer ${token}`;
const method = "/ice.v1.IceService/GetIceServers";
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

let service: IceService;
beforeAll(async () => {
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ fuzz: token }), "turn.secret": "north-north-north" },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
    },
  });
});
afterAll(async () => {
  expect(await service.stop()).toBe(0);
});

/** Whatever was sent before: the next call on a new connection works, and nothing of ours has failed. */
async function expectHealthy(): Promise<void> {
  const response = await fetch(`${service.url}/api/v1/ice-servers`, {
    headers: { Authorization: authorization, Connection: "close" },
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ iceServers: [{}, {}] });
  expect(service.logs().filter(({ err }) => err !== undefined)).toEqual([]);
}

/** Sends chunks, ends its half of the connection, and resolves with what came when it is closed. */
function sendRaw(chunks: readonly Uint8Array[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect({ port: service.port, host: "127.0.0.1", noDelay: true });
    const received: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(received)));
    for (const chunk of chunks) {
      socket.write(chunk);
    }
    socket.end();
  });
}

/** Cuts bytes where the lengths say, in turn. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let offset = 0, index = 0; offset < bytes.length; index += 1) {
    const length = lengths[index] ?? bytes.length;
    chunks.push(bytes.subarray(offset, offset + length));
    offset += length;
  }
  return chunks;
}

const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 });
const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("the port", { timeout: fuzzTimeoutMs }, () => {
  it("answers any bytes by HTTP/1.1, by HTTP/2, or not at all", async () => {
    const text = textOf(
      ...[
        "GET ",
        "POST ",
        "PRI * HTTP/2.0\r\n",
        "SM\r\n\r\n",
        method,
        "/health",
        " HTTP/1.1\r\n",
        " HTTP/1.0\r\n",
      ],
      ...[
        "Host: x\r\n",
        "\r\n",
        "\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "0\r\n\r\n",
        "5\r\nabcde\r\n",
      ],
      ...[
        "Expect: 100-continue\r\n",
        "Expect: x\r\n",
        "Upgrade: h2c\r\nConnection: Upgrade\r\n",
        "Connection: close\r\n",
      ],
      ...[
        `Authorization: ${authorization}\r\n`,
        "Content-Type: application/json\r\n",
        "CONNECT ",
        "OPTIONS * ",
      ],
    );
    const bytes = fc.oneof(
      text.map(latin1),
      fc.uint8Array({ maxLength: 200 }).map((raw) => Buffer.from(raw)),
    );
    await tryToBreak(
      fc.asyncProperty(bytes, lengths, async (sent, pieces) => {
        const answer = await sendRaw(cut(sent, pieces));
        const isHttp2 = answer.length >= 9 && answer[3] === frameType.settings && answer[0] === 0;
        const isHttp1 = /^HTTP\/1\.1 [1-5]\d\d /.test(answer.toString("latin1"));
        expect(answer.length === 0 || isHttp1 || isHttp2).toBe(true);
        expect(answer.toString("latin1")).not.toMatch(/^HTTP\/1\.1 500/m);
        await expectHealthy();
      }),
    );
  });

  it("takes good requests in pieces of any size", async () => {
    const requests = [
      latin1("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
      latin1("PRI /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
      Buffer.concat([
        preface,
        writeFrame(frameType.settings, 0, 0),
        writeFrame(
          frameType.headers,
          5,
          1,
          writeHeaders({
            ":method": "GET",
            ":scheme": "http",
            ":path": "/health",
            ":authority": "x",
          }),
        ),
      ]),
    ] as const;
    const answers = [/^HTTP\/1\.1 200 .*healthy/s, /^HTTP\/1\.1 400 /, /\{"status":"healthy"\}/];
    await tryToBreak(
      fc.asyncProperty(fc.nat(2), lengths, async (index, pieces) => {
        const chunks = cut(requests[index as 0 | 1 | 2], pieces);
        const answer = await (index === 2 ? askHttp2(chunks) : sendRaw(chunks));
        expect(answer.toString("latin1")).toMatch(answers[index] ?? "");
      }),
    );
  });

  it("stays up under any HTTP/2 frames", async () => {
    const frame = fc
      .tuple(
        fc.nat(12),
        fc.nat(255),
        fc.constantFrom(0, 1, 1, 3, 2, 0x7fffffff),
        fc.uint8Array({ maxLength: 60 }),
      )
      .map(([type, flags, streamId, payload]) =>
        writeFrame(type, flags, streamId, Buffer.from(payload)),
      );
    const openRequest = writeFrame(
      frameType.headers,
      4,
      1,
      writeHeaders({
        ":method": "POST",
        ":scheme": "http",
        ":path": method,
        ":authority": "x",
        "content-type": "application/grpc",
        authorization,
      }),
    );
    await tryToBreak(
      fc.asyncProperty(fc.array(frame, { maxLength: 12 }), fc.boolean(), async (frames, opens) => {
        const client = await connectRawHttp2(service.port);
        for (const bytes of opens ? [openRequest, ...frames] : frames) {
          client.socket.write(bytes);
        }
        // It goes on, or has said why not.
        expect(
          (await client.ping()) || client.isClosed() || client.goAwayCode() !== undefined,
        ).toBe(true);
        client.socket.destroy();
        await expectHealthy();
      }),
    );
  });
});

describe("a call with any body", { timeout: fuzzTimeoutMs }, () => {
  const envelope = (flags: number, length: number, data: Uint8Array) => {
    const head = Buffer.alloc(5);
    head.writeUInt8(flags);
    head.writeUInt32BE(length, 1);
    return Buffer.concat([head, data]);
  };
  const raw = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
  const json = textOf(
    "{",
    "}",
    '"ttlSeconds":',
    '"maxUrls":',
    '"region":',
    "60",
    '"a"',
    ",",
    "null",
    "-1",
    "1e3",
    "\\ud800",
    "[",
  ).map((text) => Buffer.from(text));
  const message = fc.oneof(raw, json, fc.constant(Buffer.from("1078", "hex")));
  const enveloped = fc
    .tuple(fc.constantFrom(0, 0, 0, 1, 2, 128, 255), fc.option(fc.nat(0xffffffff)), message)
    .map(([flags, length, data]) => envelope(flags, length ?? data.length, data));
  const body = fc.oneof(
    message,
    enveloped,
    fc.tuple(enveloped, raw).map((parts) => Buffer.concat(parts)),
  );
  const headers = fc.dictionary(
    fc.constantFrom(
      "content-encoding",
      "grpc-encoding",
      "grpc-accept-encoding",
      "accept-encoding",
      "grpc-timeout",
      "connect-timeout-ms",
      "connect-protocol-version",
      "x-bin",
      "origin",
    ),
    fc.oneof(
      fc.constantFrom(
        "gzip",
        "br",
        "identity",
        "deflate",
        "1S",
        "0n",
        "99999999H",
        "1000",
        "-1",
        "1",
        "trailers",
      ),
      fc.stringMatching(/^[!-~]{0,12}$/),
    ),
  );
  const type = fc.constantFrom(
    "application/json",
    "application/proto",
    "application/grpc",
    "application/grpc+json",
    "application/grpc-web",
    "application/grpc-web+json",
    "application/json; charset=utf-8",
    "application/grpc+thrift",
    "application/connect+json",
    "text/plain",
    "",
  );
  const path = fc.constantFrom(
    method,
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    `${method}x`,
    "/api/v1/ice-servers",
  );

  it("is answered as its protocol has it", async () => {
    const session = connectHttp2(service.url);
    await tryToBreak(
      fc.asyncProperty(path, type, headers, body, async (where, contentType, extra, bytes) => {
        const stream = session.request({
          ":method": "POST",
          ":path": where,
          authorization,
          ...extra,
          "content-type": contentType,
        });
        const answer = await new Promise<Record<string, unknown>>((resolve, reject) => {
          const all: Record<string, unknown> = {};
          const add = (more: object) => Object.assign(all, more);
          stream.on("response", add).on("trailers", add).on("error", reject).resume();
          stream.on("close", () => resolve(all));
          stream.end(bytes);
        });
        const status = Number(answer[":status"]);
        expect([200, 400, 401, 404, 405, 408, 415, 429, 501, 504]).toContain(status);
        if (status === 200 && /^application\/grpc(\+|$)/.test(String(answer["content-type"]))) {
          expect(String(answer["grpc-status"])).toMatch(/^\d+$/);
        }
        await expectHealthy();
      }),
    );
    session.close();
  });
});

/** Reads until the answer is there, as HTTP/2 does not close after it. */
function askHttp2(chunks: readonly Buffer[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect({ port: service.port, host: "127.0.0.1", noDelay: true });
    let received = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.includes("}")) {
        socket.destroy();
      }
    });
    socket.on("error", () => {}).on("close", () => resolve(received));
    for (const chunk of chunks) {
      socket.write(chunk);
    }
  });
}
