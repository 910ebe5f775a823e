import { once } from "node:events";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { envelop, splitEnvelopes } from "../conformance/envelope.js";
import {
  createHttpClient,
  type HttpClient,
  type HttpExchange,
  type HttpVersion,
} from "../conformance/http-client.js";
import {
  connectRawHttp2,
  flag,
  frameType,
  type RawHttp2Client,
  writeFrame,
  writeHeaders,
} from "../parts/http2-frames.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { connectorTokens } from "../parts/tokens.js";

const watchPath = "/grpc.health.v1.Health/Watch";
const watchName = "grpc.health.v1.Health/Watch";
const watchRequest = envelop(Buffer.alloc(0));
const reflectPaths = ["v1", "v1alpha"].map(
  (version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
);
/** `list_services: ""`, in field 7. */
const listServices = envelop(Buffer.from([0x3a, 0]));

let service: IceService;
const clients: HttpClient[] = [];
const raws: RawHttp2Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) {
    client.close();
  }
  for (const { socket } of raws.splice(0)) {
    socket.destroy();
  }
  await service.stop();
});

async function start(limits: object = {}, env: Record<string, string> = {}): Promise<void> {
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ other: "public-streams-token" }) },
    config: {
      admin: { port: 0 },
      auth: { connectorTokensFile: "tokens.yaml" },
      limits,
      shutdown: { delay: "0s", timeout: "1s" },
    },
    env,
  });
}

function connect(httpVersion: HttpVersion): HttpClient {
  const client = createHttpClient(service.url, httpVersion);
  clients.push(client);
  return client;
}

async function connectRaw(): Promise<RawHttp2Client> {
  const raw = await connectRawHttp2(service.port);
  raws.push(raw);
  return raw;
}

const openWatch = (client: HttpClient, contentType: string) =>
  client.start({ path: watchPath, headers: { "content-type": contentType }, body: watchRequest });

/** Opens watches that last, and waits until each has had its first message. */
async function openWatches(count: number, open: () => HttpExchange): Promise<HttpExchange[]> {
  const exchanges = Array.from({ length: count }, open);
  await Promise.all(exchanges.map(({ firstBytes }) => firstBytes));
  return exchanges;
}

/** Whether the answer, over any protocol, is an error of this code and ends the stream. */
async function expectRejected({ answer }: HttpExchange): Promise<void> {
  const { headers, trailers, body } = await answer;
  const last = splitEnvelopes(body).at(-1)?.bytes.toString() ?? "";
  expect(`${headers["grpc-status"]} ${trailers["grpc-status"]} ${last}`).toMatch(
    /\b8\b|grpc-status: 8|"resource_exhausted"/,
  );
}

const openStreams = async () => (await scrape(service)).value("ice_open_streams");
const untilNoneIsOpen = () => expect.poll(openStreams).toBe(0);

describe("Health.Watch, which needs no token", () => {
  it.each(["application/grpc", "application/grpc-web", "application/connect+proto"])(
    "has 8 places on each HTTP/2 connection over %s, which come back",
    async (contentType) => {
      await start();
      const client = connect("2");
      const open = () => openWatch(client, contentType);
      const [first, ...others] = await openWatches(8, open);
      await expectRejected(open());
      await openWatches(8, () => openWatch(connect("2"), contentType));
      first?.cancel();
      await expect.poll(openStreams).toBe(15);
      await openWatches(1, open);
      await expectRejected(open());
      for (const other of others) {
        other.cancel();
      }
      await expect.poll(openStreams).toBe(9);
      await openWatches(7, open);
      const rejected = () => service.logs().filter(({ code }) => code === "resource_exhausted");
      await expect.poll(rejected).toHaveLength(2);
      expect(rejected()[0]).toMatchObject({ target: watchName, cause: "too_many_streams" });
    },
  );

  it.each<[string, HttpVersion]>([
    ["application/grpc", "2"],
    ["application/grpc-web+proto", "1.1"],
    ["application/connect+proto", "1.1"],
  ])("has limits.healthWatches in all, over %s and HTTP/%s", async (contentType, version) => {
    await start({ healthWatches: 3 });
    const open = () => openWatch(connect(version), contentType);
    const [first] = await openWatches(3, open);
    await expectRejected(open());
    first?.cancel();
    await expect.poll(openStreams).toBe(2);
    await openWatches(1, open);
    await expectRejected(open());
  });

  it("has no place at all with healthWatches: 0, and other calls have", async () => {
    await start({ healthWatches: 0 });
    await expectRejected(openWatch(connect("2"), "application/grpc"));
    const check = { "content-type": "application/grpc" };
    const path = "/grpc.health.v1.Health/Check";
    const answer = await connect("2").send({ path, headers: check, body: watchRequest });
    expect(answer.trailers["grpc-status"]).toBe("0");
  });

  it("gives places back however a stream ends", async () => {
    await start({ healthWatches: 4 });
    const grpc = { "content-type": "application/grpc" };
    const ends: [name: string, end: () => Promise<void>][] = [
      [
        "reset",
        async () => {
          const client = connect("2");
          for (const each of await openWatches(4, () => openWatch(client, "application/grpc"))) {
            each.cancel();
          }
        },
      ],
      [
        "loss of HTTP/2 connections",
        async () => {
          for (let n = 0; n < 4; n++) {
            const raw = await connectRaw();
            raw.socket.write(writeWatch(1));
            await expect.poll(() => raw.count(frameType.data)).toBe(1);
            raw.socket.destroy();
          }
        },
      ],
      [
        "loss of HTTP/1.1 connections",
        async () => {
          const open = () => openWatch(connect("1.1"), "application/connect+proto");
          for (const each of await openWatches(4, open)) {
            each.cancel();
          }
        },
      ],
      [
        "malformed message",
        async () => {
          const body = envelop(Buffer.from([0x0a, 9]));
          await Promise.all(
            [1, 2, 3, 4].map(() => connect("2").send({ path: watchPath, headers: grpc, body })),
          );
        },
      ],
      [
        "deadline",
        async () => {
          const headers = { ...grpc, "grpc-timeout": "100m" };
          await Promise.all(
            [1, 2, 3, 4].map(() =>
              connect("2").send({ path: watchPath, headers, body: watchRequest }),
            ),
          );
        },
      ],
      [
        "reset before the message came",
        async () => {
          const raw = await connectRaw();
          for (const id of [1, 3, 5, 7]) {
            raw.socket.write(writeFrame(frameType.headers, flag.endHeaders, id, watchHeaders));
          }
          await expect.poll(openStreams).toBe(4);
          for (const id of [1, 3, 5, 7]) {
            raw.socket.write(writeReset(id));
          }
        },
      ],
      [
        "reset in the same packet",
        async () => {
          const raw = await connectRaw();
          raw.socket.write(
            Buffer.concat([1, 3, 5, 7, 9, 11].flatMap((id) => [writeWatch(id), writeReset(id)])),
          );
          expect(await raw.ping()).toBe(true);
        },
      ],
      [
        "connection that ends in the same packet",
        async () => {
          const raw = await connectRaw();
          raw.socket.end(Buffer.concat([1, 3, 5, 7].map(writeWatch)));
          // Only then has the server seen them.
          await once(raw.socket, "close");
        },
      ],
    ];
    for (const [name, end] of ends) {
      await end();
      await expect.poll(openStreams, { message: name }).toBe(0);
      // All of them are free, and no more.
      const client = connect("2");
      const again = await openWatches(4, () => openWatch(client, "application/grpc"));
      await expectRejected(openWatch(client, "application/grpc"));
      for (const each of again) {
        each.cancel();
      }
      await untilNoneIsOpen();
    }
  });
});

const watchHeaders = writeHeaders({
  ":method": "POST",
  ":scheme": "http",
  ":path": watchPath,
  ":authority": "x",
  "content-type": "application/grpc",
  te: "trailers",
});

function writeWatch(streamId: number): Buffer {
  return Buffer.concat([
    writeFrame(frameType.headers, flag.endHeaders, streamId, watchHeaders),
    writeFrame(frameType.data, flag.endStream, streamId, watchRequest),
  ]);
}

function writeReset(streamId: number): Buffer {
  return writeFrame(frameType.resetStream, 0, streamId, Buffer.from([0, 0, 0, 8]));
}

describe("unary calls that need no token", () => {
  const check = (client: HttpClient) =>
    client.start({
      path: "/grpc.health.v1.Health/Check",
      headers: { "content-type": "application/grpc" },
      body: Buffer.alloc(1),
      unfinished: true,
    });

  it("may be unfinished 32 times on each connection, and others are answered meanwhile", async () => {
    await start();
    const client = connect("2");
    const unfinished = Array.from({ length: 32 }, () => check(client));
    expect((await check(client).answer).headers["grpc-status"]).toBe("8");
    const { status } = await fetch(`${service.url}/health`);
    expect(status).toBe(200);
    const other = await connect("2").send({
      path: "/grpc.health.v1.Health/Check",
      headers: { "content-type": "application/grpc" },
      body: watchRequest,
    });
    expect(other.trailers["grpc-status"]).toBe("0");
    for (const exchange of unfinished) {
      exchange.cancel();
    }
    await expect
      .poll(async () => {
        const again = await client.send({
          path: "/grpc.health.v1.Health/Check",
          headers: { "content-type": "application/grpc" },
          body: watchRequest,
        });
        return again.trailers["grpc-status"];
      })
      .toBe("0");
  });
});

describe("reflection streams, which need no token", () => {
  const open = (client: HttpClient, path: string, body: Buffer = listServices) =>
    client.start({
      path,
      headers: { "content-type": "application/grpc" },
      body,
      unfinished: true,
    });

  it("have 4 places on each connection, for both versions together", async () => {
    await start();
    const client = connect("2");
    const exchanges = [...reflectPaths, ...reflectPaths].map((path) => open(client, path));
    await Promise.all(exchanges.map(({ firstBytes }) => firstBytes));
    for (const path of reflectPaths) {
      await expectRejected(open(client, path));
      await open(connect("2"), path).firstBytes;
    }
    exchanges[0]?.cancel();
    await expect.poll(openStreams).toBe(5);
    await open(client, reflectPaths[0] ?? "").firstBytes;
  });

  it("answer no more than 1,000 requests", async () => {
    await start();
    const [path = ""] = reflectPaths;
    const requests = Buffer.concat(Array.from({ length: 1001 }, () => listServices));
    const { answer } = open(connect("2"), path, requests);
    const { body, trailers } = await answer;
    expect(trailers["grpc-status"]).toBe("8");
    expect(splitEnvelopes(body)).toHaveLength(1000);
  });

  it.each(reflectPaths)("repeat no long names: %s", async (path) => {
    await start();
    // `file_by_filename`, in field 3, with 513 characters.
    const body = envelop(Buffer.concat([Buffer.from([0x1a, 0x81, 4]), Buffer.alloc(513, "a")]));
    const answer = await open(connect("2"), path, body).answer;
    expect(answer.trailers["grpc-status"]).toBe("3");
    expect(answer.body).toHaveLength(0);
  });

  it("end soon at a stop", async () => {
    await start();
    const { answer, firstBytes } = open(connect("2"), reflectPaths[0] ?? "");
    await firstBytes;
    const stopped = service.stop();
    expect((await answer).trailers["grpc-status"]).toBe("14");
    expect(await stopped).toBe(0);
  });

  it("do not fill the memory of a server whose answers are not read", async () => {
    await start({}, { NODE_OPTIONS: "--max-old-space-size=128" });
    /** `file_containing_symbol`, whose answers are some 20 KB. */
    const symbol = Buffer.from("ice.v1.IceService");
    const ask = envelop(Buffer.concat([Buffer.from([0x22, symbol.length]), symbol]));
    const data = Buffer.concat(Array.from({ length: 500 }, () => ask));
    const headers = writeHeaders({
      ":method": "POST",
      ":scheme": "http",
      ":path": reflectPaths[0] ?? "",
      ":authority": "x",
      "content-type": "application/grpc",
    });
    for (let n = 0; n < 50; n++) {
      const { socket } = await connectRaw();
      socket.pause();
      for (const id of [1, 3, 5, 7]) {
        socket.write(writeFrame(frameType.headers, flag.endHeaders, id, headers));
        socket.write(writeFrame(frameType.data, 0, id, data));
      }
    }
    await expect.poll(openStreams).toBe(200);
    expect((await fetch(`${service.url}/health`)).status).toBe(200);
    expect(readResidentMb()).toBeLessThan(300);
  });
});

const readResidentMb = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, "utf8"))?.[1]) / 1024;

describe("a server with a heap of 128 MB", () => {
  it.each([
    ["6,000 watches over 60 connections", 60, 100, 480],
    ["12,000 watches over 125 connections", 125, 96, 1000],
  ])(
    "serves on beside %s",
    async (_, connections, perConnection, places) => {
      await start({}, { NODE_OPTIONS: "--max-old-space-size=128" });
      const ids = Array.from({ length: perConnection }, (_each, index) => 2 * index + 1);
      for (let n = 0; n < connections; n++) {
        const raw = await connectRaw();
        raw.socket.write(Buffer.concat(ids.map(writeWatch)));
      }
      await expect.poll(openStreams, { timeout: 60_000 }).toBe(places);
      await expect
        .poll(
          async () =>
            (await scrape(service)).value("ice_requests_total", {
              method: watchName,
              code: "resource_exhausted",
            }),
          { timeout: 60_000 },
        )
        .toBe(connections * perConnection - places);
      const response = await fetch(`${service.url}/api/v1/ice-servers`, {
        headers: { authorization: "Bearer public-streams-token" },
      });
      expect(response.status).toBe(200);
      for (const { socket } of raws) {
        socket.destroy();
      }
      await untilNoneIsOpen();
      await openWatches(8, () => openWatch(connect("2"), "application/grpc"));
    },
    120_000,
  );
});
