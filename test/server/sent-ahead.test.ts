import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { DiskFiles } from "../../src/files/disk-files.js";
import { Guard } from "../../src/http/guard.js";
import type { ExchangeListener, HttpExchange } from "../../src/http/http-exchange.js";
import { httpLimits } from "../../src/http/http-limits.js";
import { openPort, type PortListener } from "../../src/server/port-listener.js";
import { openRawConnection, type RawConnection } from "../parts/raw-connection.js";

let port: PortListener | undefined;
const connections: RawConnection[] = [];
const faults: object[] = [];
afterEach(async () => {
  for (const { socket } of connections.splice(0)) {
    socket.destroy();
  }
  await port?.close({ timeoutMs: 0 });
  expect(faults.splice(0)).toEqual([]);
});

async function connect(
  listener: ExchangeListener,
  requestTimeoutMs: number = httpLimits.requestTimeoutMs,
): Promise<RawConnection> {
  port = await openPort(
    { host: "127.0.0.1", port: 0, maxConnections: 10 },
    {
      files: new DiskFiles(),
      limits: {
        ...httpLimits,
        headersTimeoutMs: Math.min(httpLimits.headersTimeoutMs, requestTimeoutMs),
        requestTimeoutMs,
        checkIntervalMs: 50,
      },
      guard: new Guard({ error: (entry: object) => void faults.push(entry) }),
      listener,
      malformedRequestListener: (_, socket) => socket.destroy(),
    },
  );
  const connection = await openRawConnection(Number(new URL(port.url).port));
  connections.push(connection);
  return connection;
}

const get = (path: string, fields = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
const targetsOf = (received: string) =>
  [...received.matchAll(/\[(.*?)\]/gs)].map(([, text]) => text);

function answer(exchange: HttpExchange, text = ""): void {
  const body = `[${exchange.target}${text}]`;
  exchange.send({ status: 200, headers: { "content-length": String(body.length) }, body });
}

/** Answers later, and with what the request has brought. */
const answerLater: ExchangeListener = (exchange) => {
  let body = "";
  exchange.body.on("data", (chunk) => {
    body += chunk;
  });
  exchange.body.on("end", () => setImmediate(() => answer(exchange, body)));
};

describe("requests that are sent ahead of the answers", () => {
  it("are begun one at a time, in their order, each with its body", async () => {
    let last: HttpExchange | undefined;
    let early = 0;
    const { socket, received } = await connect((exchange) => {
      early += last?.output.writableFinished === false ? 1 : 0;
      last = exchange;
      answerLater(exchange);
    });
    const targets = Array.from({ length: 300 }, (_, index) => `/${index}`);
    const requests = targets.map((target, index) => {
      const body = `${index}`.repeat(index % 4);
      return index % 3 === 0
        ? get(target)
        : `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    });
    socket.write(requests.join(""));
    await expect.poll(() => targetsOf(received()).length).toBe(300);
    expect(targetsOf(received())).toEqual(
      targets.map((target, index) =>
        index % 3 === 0 ? target : `${target}${`${index}`.repeat(index % 4)}`,
      ),
    );
    expect(early).toBe(0);
  });

  it("are begun when the client has taken the answers before", async () => {
    let begun = 0;
    let last: HttpExchange | undefined;
    let early = 0;
    const { socket, received } = await connect((exchange) => {
      begun += 1;
      early += last?.output.writableFinished === false ? 1 : 0;
      last = exchange;
      answer(exchange, "x".repeat(1_000_000));
    });
    socket.pause();
    socket.write(get("/").repeat(3_000));
    // What the system holds for a client that does not read is far less than all answers.
    await expect.poll(() => begun).toBeGreaterThan(1);
    await expect.poll(() => last?.output.writableLength).toBeGreaterThan(0);
    expect(begun).toBeLessThan(50);
    const before = begun;
    socket.resume();
    await expect.poll(() => begun).toBeGreaterThan(before + 50);
    expect(early).toBe(0);
    expect(received()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("are begun as well when they come in the smallest pieces", async () => {
    const { socket, received } = await connect(answerLater);
    const bytes = get("/a") + get("/b", upgrade) + get("/c");
    for (const byte of bytes) {
      socket.write(byte);
    }
    await expect.poll(received).toContain("[/b]");
    expect(targetsOf(received()).slice(0, 2)).toEqual(["/a", "/b"]);
  });

  it("leave out those behind the last answer of the connection", async () => {
    const targets: string[] = [];
    const { socket, closed } = await connect((exchange) => {
      targets.push(exchange.target);
      exchange.closeAfterwards();
      answerLater(exchange);
    });
    socket.write(get("/a") + get("/b").repeat(1_000));
    // The rest is not read, which may well be a reset.
    await closed.catch(() => {});
    expect(targets).toEqual(["/a"]);
  });
});

describe("a request that asks for another protocol", () => {
  it("is answered in HTTP/1.1, and so is what comes behind it", async () => {
    const { socket, received } = await connect(answerLater);
    const post = "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 34\r\n\r\n";
    socket.write(`${get("/a", upgrade)}${post}`);
    await expect.poll(received).toContain("[/a]");
    const body = "GET /c HTTP/1.1\r\nHost: some.host\r\n\r\n".slice(0, 34);
    socket.write(`${body}${get("/d")}`);
    await expect.poll(received).toContain("[/d]");
    expect(targetsOf(received())).toEqual(["/a", `/b${body}`, "/d"]);
  });

  it("is answered as often as it is sent on a connection", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on("warning", onWarning);
    const { socket, received } = await connect(answerLater);
    for (let index = 0; index < 30; index += 1) {
      socket.write(get(`/${index}`, upgrade));
      await expect.poll(received).toContain(`[/${index}]`);
    }
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it.each([
    [
      "has a body",
      `POST /a HTTP/1.1\r\nHost: x\r\n${upgrade}Content-Length: 3\r\n\r\nabc`,
      "/aabc",
    ],
    ["is sent ahead", get("/a") + get("/b", upgrade), "/b"],
  ])("is the last of its connection where it %s", async (_, bytes, last) => {
    const { socket, closed } = await connect(answerLater);
    socket.write(bytes + get("/c"));
    const received = await closed;
    expect(received).toMatch(/connection: close\r\n/i);
    expect(targetsOf(received).at(-1)).toBe(last);
  });
});

describe("a request of HTTP/1.0 whose body comes in chunks", () => {
  it("is the last of its connection", async () => {
    const { socket, closed } = await connect(answerLater);
    socket.write(
      `POST /a HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n${get("/b")}`,
    );
    expect(targetsOf(await closed)).toEqual(["/ax"]);
  });
});

describe("an answer that never ends", () => {
  let gone = 0;
  const watch: ExchangeListener = (exchange) => {
    exchange.onGone(() => {
      gone += 1;
    });
    exchange.start(200, {}, false);
    exchange.output.write("first");
  };

  it("ends with the connection when too much waits behind it", async () => {
    gone = 0;
    const { socket, closed } = await connect(watch);
    socket.write(get("/").repeat(6_000));
    await closed.catch(() => {});
    await expect.poll(() => gone).toBe(1);
  });

  it("ends with the connection when a request has waited behind it for too long", async () => {
    gone = 0;
    const { socket, closed } = await connect(watch, 300);
    socket.write(get("/").repeat(2));
    await closed.catch(() => {});
    await expect.poll(() => gone).toBe(1);
  });

  it.each([get("/"), get("/").repeat(1_000)])(
    "ends when its client leaves, with requests waiting behind it",
    async (behind) => {
      gone = 0;
      const { socket } = await connect(watch);
      socket.write(get("/") + behind);
      await once(socket, "data");
      socket.destroy();
      await expect.poll(() => gone).toBe(1);
    },
  );
});
