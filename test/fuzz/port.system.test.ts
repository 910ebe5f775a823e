import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseProxyHeader } from "../../src/server/proxy-header.js";
import {
  connectRawHttp2,
  flag,
  frameType,
  writeFrame,
  writeHeaders,
} from "../parts/http2-frames.js";
import { scrape } from "../parts/metrics.js";
import { type Farewell, type FuzzedPorts, sendSegments, startFuzzedPorts } from "./fuzzed-ports.js";
import { connectionSegments, frameSegments, preface } from "./hostile-frames.js";
import { proxyHeader } from "./hostile-proxy-headers.js";
import { anyBytes, http1Request, knownRequest, lastRequest, latin1 } from "./hostile-requests.js";
import { fuzzTimeoutMs, tryToBreak } from "./property.js";

let fuzzed: FuzzedPorts;
beforeAll(async () => {
  fuzzed = await startFuzzedPorts();
});
afterAll(async () => {
  const services = new Set(fuzzed.ports.map((port) => port.fuzzed));
  try {
    for (const { service, expectHealthy } of services) {
      await expectHealthy();
      expect((await scrape(service)).value("ice_unexpected_errors_total")).toBe(0);
    }
    process.stdout.write(
      `${fuzzed.countConnections()} connections, the same processes as before\n`,
    );
  } finally {
    expect(await fuzzed.stop()).toEqual(Array(services.size).fill(0));
  }
});

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

/** Each case takes some 100 ms, as it makes many connections. */
const rounds = { numRuns: 10, endOnFailure: true };
const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 });
const anyPort = fc.nat().map((index) => index % fuzzed.ports.length);
const farewell = fc.constantFrom<Farewell[]>("end", "end", "destroy", "reset", "stay");

/** Several connections at a time, each to a port of its own. */
function visits(sent: fc.Arbitrary<Buffer[]>) {
  return fc.array(fc.tuple(anyPort, sent, farewell), { minLength: 1, maxLength: 24 });
}

/** @returns what each visit got */
async function visit(
  list: readonly (readonly [index: number, sent: Buffer[], farewell: Farewell])[],
): Promise<Buffer[]> {
  const answers = await Promise.all(
    list.map(async ([index, sent, leave]) => {
      const port = fuzzed.ports[index] ?? fuzzed.plain;
      return { port, answer: await sendSegments(port, sent, leave) };
    }),
  );
  const services = new Set(answers.map(({ port }) => port.fuzzed));
  await Promise.all([...services].map((service) => service.expectHealthy()));
  return answers.map(({ answer }) => answer);
}

function expectNoFault(answer: Buffer): void {
  const text = answer.toString("latin1");
  expect(text).not.toMatch(/^HTTP\/1\.1 500/m);
  const isHttp2 = answer.length >= 9 && answer[3] === frameType.settings && answer[0] === 0;
  // A TLS alert, where the server got no handshake.
  const isAlert = answer[0] === 0x15;
  expect(answer.length === 0 || isAlert || isHttp2 || /^HTTP\/1\.1 [1-5]\d\d /.test(text)).toBe(
    true,
  );
}

// At the same time, so that one kind of connection meets the other.
/** Answered as usual; or closed without an answer, when the header is bad. */
function expectedAnswer(bytes: Buffer, headerBytes: number): RegExp {
  const header = parseProxyHeader(bytes);
  if (typeof header !== "object") {
    return /^$/;
  }
  // An UNKNOWN line ends at the first CRLF, a binary header after its stated length. Both can reach into the request.
  if (header.length === headerBytes) {
    return /^HTTP\/1\.1 200 .*healthy/s;
  }
  // Line breaks before a request are no request (RFC 9112 section 2.2).
  return bytes.subarray(header.length).toString("latin1").trim() === "" ? /^$/ : /^HTTP\/1\.1 400 /;
}

describe.concurrent("the port", { timeout: fuzzTimeoutMs }, () => {
  it("answers any bytes by HTTP/1.1, by HTTP/2, or not at all", async () => {
    const sent = fc.tuple(anyBytes, lengths).map(([bytes, pieces]) => cut(bytes, pieces));
    await tryToBreak(
      fc.asyncProperty(visits(sent), async (list) => {
        for (const answer of await visit(list)) {
          expectNoFault(answer);
        }
      }),
      rounds,
    );
  });

  it("stays up under any HTTP/1.1 requests, many of them in a segment", async () => {
    const sent = fc
      .tuple(fc.array(http1Request, { minLength: 1, maxLength: 4 }), fc.option(lengths))
      .map(([requests, pieces]) => cut(Buffer.concat(requests), pieces ?? []));
    await tryToBreak(
      fc.asyncProperty(visits(sent), async (list) => {
        for (const answer of await visit(list)) {
          expectNoFault(answer);
        }
      }),
      rounds,
    );
  });

  it("answers requests that are sent ahead in their order, however they are cut", async () => {
    const ports = fuzzed.ports.filter(({ speaksHttp1 }) => speaksHttp1);
    const sent = fc.tuple(
      fc.array(knownRequest, { minLength: 1, maxLength: 30 }),
      fc.option(lengths),
    );
    await tryToBreak(
      fc.asyncProperty(fc.nat(), sent, async (index, [some, pieces]) => {
        const requests = [...some, lastRequest];
        const bytes = latin1(requests.map((request) => request.bytes).join(""));
        const port = ports[index % ports.length] ?? fuzzed.plain;
        const answer = await sendSegments(port, cut(bytes, pieces ?? []), "stay", 10_000);
        const answers = answer.toString("latin1").split(/(?=HTTP\/1\.1 )/);
        expect(answers.map((text) => Number(text.slice(9, 12)))).toEqual(
          requests.slice(0, answers.length).map(({ status }) => status),
        );
        expect(requests[answers.length - 1]?.mayEnd).toBe(true);
        expect(answers.at(-1)).toMatch(/^connection: close\r$/im);
      }),
      rounds,
    );
  });

  it("stays up under any HTTP/2 frames, many of them in a segment", async () => {
    await tryToBreak(
      fc.asyncProperty(visits(connectionSegments), async (list) => {
        for (const answer of await visit(list)) {
          expectNoFault(answer);
        }
      }),
      rounds,
    );
  });

  it("goes on after any HTTP/2 frames, or says why not", async () => {
    await tryToBreak(
      fc.asyncProperty(frameSegments, async (sent) => {
        const client = await connectRawHttp2(fuzzed.plain.fuzzed.service.port);
        for (const segment of sent) {
          client.socket.write(segment);
        }
        expect(
          (await client.ping()) || client.isClosed() || client.goAwayCode() !== undefined,
        ).toBe(true);
        client.socket.destroy();
        await fuzzed.plain.fuzzed.expectHealthy();
      }),
      rounds,
    );
  });

  it("takes a PROXY protocol header in any pieces, or closes the connection", async () => {
    const health = latin1("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await tryToBreak(
      fc.asyncProperty(proxyHeader, fc.option(lengths), async (header, pieces) => {
        const bytes = Buffer.concat([header, health]);
        const answer = await sendSegments(fuzzed.balanced, cut(bytes, pieces ?? []), "end", 10_000);
        expect(answer.toString("latin1")).toMatch(expectedAnswer(bytes, header.length));
        await fuzzed.balanced.fuzzed.expectHealthy();
      }),
      rounds,
    );
  });

  it("takes good requests in pieces of any size", async () => {
    const get = { ":method": "GET", ":scheme": "http", ":path": "/health", ":authority": "x" };
    const goAway = writeFrame(frameType.goAway, 0, 0, Buffer.alloc(8));
    const requests = [
      [
        latin1("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        /^HTTP\/1\.1 200 .*healthy/s,
      ],
      [latin1("PRI /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 400 /],
      [
        Buffer.concat([
          preface,
          writeFrame(frameType.headers, flag.endHeaders | flag.endStream, 1, writeHeaders(get)),
          // The client opens no more streams: the server closes the connection after the answer.
          goAway,
        ]),
        /\{"status":"healthy"\}/,
      ],
    ] as const;
    await tryToBreak(
      fc.asyncProperty(
        fc.constantFrom(...requests),
        lengths,
        async ([request, expected], pieces) => {
          const answer = await sendSegments(fuzzed.plain, cut(request, pieces), "stay", 10_000);
          expect(answer.toString("latin1")).toMatch(expected);
        },
      ),
    );
  });
});
