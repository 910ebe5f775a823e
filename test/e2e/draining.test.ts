import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { childPids } from "../parts/child-process.js";
import {
  connectRawHttp2,
  flag,
  frameType,
  startRawHttp2,
  writeFrame,
  writeHeaders,
} from "../parts/http2-frames.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { startKeepAliveLoad } from "../parts/keep-alive-load.js";
import {
  followConnection,
  isRefused,
  openRawConnection,
  type RawConnection,
} from "../parts/raw-connection.js";
import { connectorTokens } from "../parts/tokens.js";
import {
  type OpenWatcher,
  watchWithConnect,
  watchWithCurl,
  watchWithGrpcJs,
  watchWithGrpcWeb,
} from "../parts/watchers.js";

const token = "draining-test-token";
const path = "/api/v1/ice-servers";
const request = `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
const posted = `POST /ice.v1.IceService/GetIceServers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\nContent-Length: 2\r\n\r\n`;
const lastAnswer = /^HTTP\/1\.1 200 .*\r\nconnection: close\r\n/is;
const maxStreamId = 2 ** 31 - 1;
/** Waits for an event, also on a busy machine. */
const eventually = <T>(probe: () => T) => expect.poll(probe, { timeout: 15_000 });

let certificate: TestCertificate;
beforeAll(async () => {
  certificate = await createCertificate();
});
afterAll(() => certificate.stop());

interface Shutdown {
  readonly delay: string;
  readonly timeout: string;
}

async function withService(
  args: readonly string[],
  shutdown: Shutdown,
  use: (service: IceService) => Promise<void>,
  tls = false,
): Promise<void> {
  const { certFile, keyFile } = certificate;
  const service = await startIceService({
    args,
    files: { "tokens.yaml": connectorTokens({ draining: token }) },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      shutdown,
      ...(tls && { listen: { tls: { certFile, keyFile } } }),
    },
  });
  try {
    await use(service);
    // The service is not killed: the stop ends by itself.
    expect(await service.stop()).toBe(0);
  } finally {
    for (const pid of stoppable(service)) {
      resume(pid);
    }
    await service.stop("SIGKILL");
  }
}

/** The same in the clear and over TLS, in parallel, because it waits for seconds. */
async function withServices(
  args: readonly string[],
  shutdown: Shutdown,
  use: (service: IceService, tls: boolean) => Promise<void>,
): Promise<void> {
  await Promise.all(
    [false, true].map((tls) =>
      withService(args, shutdown, (service) => use(service, tls), tls).catch((cause: unknown) => {
        throw new Error(tls ? "it fails over TLS" : "it fails in the clear", { cause });
      }),
    ),
  );
}

/** The service's processes that still run. */
function stoppable({ pid }: IceService): number[] {
  try {
    return [...childPids(pid), pid];
  } catch {
    return [];
  }
}

function resume(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // It has ended.
  }
}

/**
 * Has the service notice everything that happens meanwhile at once: its stop, and what clients have sent
 * before.
 */
async function whileSuspended(service: IceService, act: () => Promise<void>): Promise<void> {
  const pids = stoppable(service);
  for (const pid of pids) {
    process.kill(pid, "SIGSTOP");
  }
  await act();
  for (const pid of pids) {
    resume(pid);
  }
}

/** Sends SIGTERM; settles when every process has begun to drain. */
async function startDraining(service: IceService, tls = false): Promise<void> {
  service.signal("SIGTERM");
  // One for each worker, because they take turns.
  for (let index = 0; index < 4; index++) {
    await eventually(() => ask(service, "/readyz", tls)).toMatch(/^HTTP\/1\.1 503/);
  }
}

/** Sends a request on a new connection; returns everything that arrives. */
async function ask({ port }: IceService, target: string, tls: boolean): Promise<string> {
  const connection = tls
    ? followConnection(await openSecure(port, "http/1.1"))
    : await openRawConnection(port);
  connection.socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return connection.closed;
}

/** Settles when the service has accepted all connections that were opened before. */
async function untilAccepted(service: IceService, tls = false): Promise<void> {
  for (let index = 0; index < 4; index++) {
    expect(await ask(service, "/health", tls)).toMatch(/^HTTP\/1\.1 200/);
  }
}

async function openSecure(port: number, protocol: string): Promise<Socket> {
  const socket = connectTls({
    port,
    host: "127.0.0.1",
    servername: "localhost",
    ca: readFileSync(certificate.caFile),
    ALPNProtocols: [protocol],
  });
  await once(socket, "secureConnect");
  return socket;
}

const openWatchers: readonly OpenWatcher[] = [
  watchWithGrpcJs,
  watchWithConnect,
  // gRPC-Web over HTTP/2
  watchWithGrpcWeb,
  // as server-sent events
  watchWithCurl,
];

const call = (streamId: number, flags: number = flag.endHeaders | flag.endStream) =>
  writeFrame(
    frameType.headers,
    flags,
    streamId,
    writeHeaders({
      ":method": "GET",
      ":path": path,
      ":scheme": "http",
      ":authority": "x",
      authorization: `Bearer ${token}`,
    }),
  );
const post = (streamId: number) =>
  writeFrame(
    frameType.headers,
    flag.endHeaders,
    streamId,
    writeHeaders({
      ":method": "POST",
      ":path": "/ice.v1.IceService/GetIceServers",
      ":scheme": "http",
      ":authority": "x",
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
    }),
  );
const postBody = (streamId: number) =>
  writeFrame(frameType.data, flag.endStream, streamId, Buffer.from("{}"));

/** Longer than from the start of draining with `delayed` until it stops accepting. */
const pastDelayMs = 2500;
const delayed: Shutdown = { delay: "2s", timeout: "60s" };
const long: Shutdown = { delay: "0s", timeout: "60s" };

describe.each<[string, readonly string[]]>([
  ["one process", []],
  ["--workers 2", ["--workers", "2"]],
])("A stop of %s", (_, args) => {
  describe("with HTTP/2, in the clear and over TLS", () => {
    const open = async ({ port }: IceService, tls: boolean) =>
      tls ? startRawHttp2(await openSecure(port, "h2")) : connectRawHttp2(port);

    it("announces its end, and ends with the last stream that it has served", async () => {
      await withServices(args, delayed, async (service, tls) => {
        const client = await open(service, tls);
        client.socket.write(call(1));
        await eventually(client.endedStreams).toEqual([1]);
        // Over TLS, Node serves no request after a GOAWAY, so only the last one is sent.
        const announcements = tls ? [] : [{ lastStreamId: maxStreamId, code: 0 }];
        await startDraining(service, tls);
        await eventually(client.goAways).toEqual(announcements);
        client.socket.write(call(3));
        await eventually(client.isClosed).toBe(true);
        expect(client.endedStreams()).toEqual([1, 3]);
        const others = client.goAways().slice(announcements.length);
        expect(client.goAways().slice(0, announcements.length)).toEqual(announcements);
        expect(others.length).toBeGreaterThan(0);
        for (const goAway of others) {
          expect(goAway).toEqual({ lastStreamId: 3, code: 0 });
        }
      });
    });

    it("finishes a call whose body comes after the last GOAWAY", async () => {
      await withServices(args, long, async (service, tls) => {
        const client = await open(service, tls);
        client.socket.write(post(1));
        expect(await client.ping()).toBe(true);
        service.signal("SIGTERM");
        await eventually(() => client.goAways().at(-1)).toEqual({ lastStreamId: 1, code: 0 });
        client.socket.write(postBody(1));
        await eventually(client.endedStreams).toEqual([1]);
        await eventually(client.isClosed).toBe(true);
      });
    });
  });

  describe("with HTTP/1.1, in the clear and over TLS", () => {
    const open = async ({ port }: IceService, tls: boolean): Promise<RawConnection> =>
      tls ? followConnection(await openSecure(port, "http/1.1")) : openRawConnection(port);
    const openMany = (service: IceService, tls: boolean) =>
      Promise.all(Array.from({ length: 16 }, () => open(service, tls)));
    /** Lets these requests arrive before the service notices that it must stop accepting. */
    async function stopAsTheyCome(
      service: IceService,
      tls: boolean,
      connections: readonly RawConnection[],
    ) {
      await startDraining(service, tls);
      await whileSuspended(service, async () => {
        for (const { socket } of connections) {
          socket.write(request);
        }
        await sleep(pastDelayMs);
      });
    }
    const expectLastAnswers = async (connections: readonly RawConnection[]) => {
      for (const { closed } of connections) {
        expect(await closed).toMatch(lastAnswer);
      }
    };

    it("answers requests that reach idle connections as it begins", async () => {
      await withServices(args, delayed, async (service, tls) => {
        const connections = await openMany(service, tls);
        for (const { socket } of connections) {
          socket.write(request.replace("Host", "X-First: 1\r\nHost"));
        }
        const used = connections.map(({ socket, received }) => {
          const before = received;
          return eventually(before)
            .toMatch(/^HTTP\/1\.1 200 .*\}$/s)
            .then(() => {
              const length = received().length;
              const closed = new Promise<string>((resolve, reject) => {
                socket.once("error", reject);
                socket.once("close", () => resolve(received().slice(length)));
              });
              closed.catch(() => {});
              return { socket, received, closed };
            });
        });
        const idle = await Promise.all(used);
        await stopAsTheyCome(service, tls, idle);
        await expectLastAnswers(idle);
      });
    });

    it("answers requests on connections that were silent until then", async () => {
      await withServices(args, delayed, async (service, tls) => {
        const connections = await openMany(service, tls);
        await untilAccepted(service, tls);
        await stopAsTheyCome(service, tls, connections);
        await expectLastAnswers(connections);
      });
    });

    it("waits for a request whose first bytes have come", async () => {
      await withServices(args, long, async (service, tls) => {
        const connections = await openMany(service, tls);
        for (const { socket } of connections) {
          socket.write(request.slice(0, 40));
        }
        const stalled = await open(service, tls);
        stalled.socket.write(posted);
        await untilAccepted(service, tls);
        const silent = await open(service, tls);
        service.signal("SIGTERM");
        // Then the grace period for silent connections is over.
        expect(await silent.closed).toBe("");
        for (const { socket } of connections) {
          socket.write(request.slice(40));
        }
        stalled.socket.write("{}");
        await expectLastAnswers([...connections, stalled]);
      });
    });
  });

  it("answers an HTTP/2 call that has arrived unread when it stops accepting", async () => {
    await withService(args, delayed, async (service) => {
      const client = await connectRawHttp2(service.port);
      expect(await client.ping()).toBe(true);
      await startDraining(service);
      await eventually(() => client.goAways().length).toBe(1);
      await whileSuspended(service, async () => {
        client.socket.write(call(1));
        await sleep(pastDelayMs);
      });
      await eventually(client.endedStreams).toEqual([1]);
      await eventually(client.isClosed).toBe(true);
      expect(client.goAways().at(-1)).toEqual({ lastStreamId: 1, code: 0 });
    });
  });

  it("answers clients that send a byte at a time", async () => {
    await withService(args, long, async (service) => {
      const http1 = await openRawConnection(service.port);
      const http2 = await connectRawHttp2(service.port);
      const preface = await openRawConnection(service.port);
      const prefaceBytes = Buffer.concat([
        Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        writeFrame(frameType.settings, 0, 0),
        call(1),
      ]);
      const drip = async (socket: Socket, bytes: Buffer) => {
        for (const byte of bytes) {
          socket.write(Buffer.of(byte));
          await sleep(15);
        }
      };
      const drips = [
        drip(http1.socket, Buffer.from(request)),
        drip(http2.socket, call(1)),
        drip(preface.socket, prefaceBytes),
      ];
      await untilAccepted(service);
      service.signal("SIGTERM");
      await Promise.all(drips);
      expect(await http1.closed).toMatch(lastAnswer);
      await eventually(http2.endedStreams).toEqual([1]);
      // HPACK leaves the answer's media type readable.
      await eventually(preface.received).toMatch(/"iceServers"/);
    });
  });

  it("is not held up by connections that send nothing", async () => {
    await withService(args, long, async (service) => {
      const silent = await openRawConnection(service.port);
      const idle = await openRawConnection(service.port);
      idle.socket.write(request);
      await eventually(idle.received).toMatch(/^HTTP\/1\.1 200/);
      const http2 = await connectRawHttp2(service.port);
      expect(await http2.ping()).toBe(true);
      service.signal("SIGTERM");
      // Well before the timeout of 60 s, when the service would be killed.
      await silent.closed;
      await idle.closed;
      await eventually(http2.isClosed).toBe(true);
    });
  });

  it("is not held up by clients that left over TLS while their requests were refused", async () => {
    const use = async (service: IceService) => {
      const fields = Array.from({ length: 500 }, (_, index) => [`x${index}`, "y"]);
      const streamIds = Array.from({ length: 20 }, (_, index) => 2 * index + 1);
      const requests = streamIds.flatMap((streamId) => [
        writeFrame(
          frameType.headers,
          flag.endHeaders,
          streamId,
          writeHeaders({ ":method": "POST", ":path": path, ...Object.fromEntries(fields) }),
        ),
        writeFrame(frameType.resetStream, 0, streamId, Buffer.alloc(4)),
      ]);
      for (let index = 0; index < 6; index++) {
        const socket = await openSecure(service.port, "h2");
        startRawHttp2(socket);
        socket.write(Buffer.concat(requests));
        await sleep(3);
        socket.destroy();
      }
      expect(await ask(service, "/health", true)).toMatch(/^HTTP\/1\.1 200/);
      // It has well less than the timeout of 60 s before it is killed.
    };
    await withService(args, long, use, true);
  });

  it("ends watches with UNAVAILABLE at shutdown.timeout, whatever the client", async () => {
    await withService(args, { delay: "0s", timeout: "4s" }, async (service) => {
      const watchers = openWatchers.map((openWatcher) => openWatcher(service.url, { token }));
      const ends = () => Promise.all(watchers.map(({ end }) => end));
      try {
        await eventually(() => watchers.map(({ lists }) => lists.length)).toEqual([1, 1, 1, 1]);
        service.signal("SIGTERM");
        await eventually(() => isRefused(service.port)).toBe(true);
        const first = await Promise.race([...watchers.map(({ end }) => end), sleep(500, "open")]);
        expect(first).toBe("open");
        expect(await ends()).toEqual(watchers.map(() => "unavailable"));
      } finally {
        for (const watcher of watchers) {
          watcher.leave();
        }
      }
    });
  });

  it("answers connections that wait in the accept queue when it stops accepting", async () => {
    await withService(args, delayed, async (service) => {
      const connections: RawConnection[] = [];
      await startDraining(service);
      await whileSuspended(service, async () => {
        for (let index = 0; index < 32; index++) {
          const connection = await openRawConnection(service.port);
          connection.socket.write(request);
          connections.push(connection);
        }
        // The time to stop accepting has passed when the service continues.
        await sleep(pastDelayMs);
      });
      for (const { closed } of connections) {
        expect(await closed).toMatch(lastAnswer);
      }
    });
  });

  it.each([
    [32, 300, { delay: "1s", timeout: "60s" }],
    [32, 5, { delay: "1s", timeout: "60s" }],
    [32, 300, { delay: "0s", timeout: "60s" }],
  ])(
    "loses no request of %i clients that pause up to %i ms, with %j",
    async (clients, pauseMs, shutdown) => {
      await withService(args, shutdown, async (service) => {
        const load = startKeepAliveLoad(service.port, request, clients, pauseMs);
        try {
          await eventually(load.answered).toBeGreaterThan(clients * 4);
          service.signal("SIGTERM");
          const { lost, lastOnes } = await load.ended;
          expect(lost).toEqual([]);
          expect(lastOnes).toBeGreaterThan(0);
        } finally {
          load.leave();
        }
      });
    },
  );
});
