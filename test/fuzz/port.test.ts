import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectRawHttp2, frameType, writeFrame, writeHeaders } from "../parts/http2-frames.js";
import {
  authorization,
  type FuzzedService,
  methodPath,
  startFuzzedService,
} from "./fuzzed-service.js";
import { fuzzTimeoutMs, textOf, tryToBreak } from "./property.js";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

let fuzzed: FuzzedService;
beforeAll(async () => {
  fuzzed = await startFuzzedService();
});
afterAll(async () => {
  expect(await fuzzed.service.stop()).toBe(0);
});

/** Sends chunks, ends its half of the connection, and resolves with what came when it is closed. */
function sendRaw(chunks: readonly Uint8Array[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect({ port: fuzzed.service.port, host: "127.0.0.1", noDelay: true });
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
        methodPath,
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
        await fuzzed.expectHealthy();
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
        ":path": methodPath,
        ":authority": "x",
        "content-type": "application/grpc",
        authorization,
      }),
    );
    await tryToBreak(
      fc.asyncProperty(fc.array(frame, { maxLength: 12 }), fc.boolean(), async (frames, opens) => {
        const client = await connectRawHttp2(fuzzed.service.port);
        for (const bytes of opens ? [openRequest, ...frames] : frames) {
          client.socket.write(bytes);
        }
        // It goes on, or has said why not.
        expect(
          (await client.ping()) || client.isClosed() || client.goAwayCode() !== undefined,
        ).toBe(true);
        client.socket.destroy();
        await fuzzed.expectHealthy();
      }),
    );
  });
});

/** Reads until the answer is there, as HTTP/2 does not close after it. */
function askHttp2(chunks: readonly Buffer[]): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect({ port: fuzzed.service.port, host: "127.0.0.1", noDelay: true });
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
