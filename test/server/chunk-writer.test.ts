import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getDefaultHighWaterMark } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Guard } from "../../src/http/guard.js";
import { Http1Exchange } from "../../src/server/http1-exchange.js";
import { Lingering } from "../../src/server/lingering.js";
import { openRawConnection, type RawConnection } from "../parts/raw-connection.js";

let server: Server;
let exchanges: Http1Exchange[];
const guard = new Guard({ error() {} });

beforeEach(async () => {
  exchanges = [];
  server = createServer((request, response) => {
    response.sendDate = false;
    exchanges.push(new Http1Exchange(guard, new Lingering(guard), request, response));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => server.closeAllConnections());

const until = <T>(find: () => T) => vi.waitUntil(find, { timeout: 60_000, interval: 5 });
const portOf = () => (server.address() as AddressInfo).port;

async function openStream(version = "1.1"): Promise<[RawConnection, Http1Exchange]> {
  const connection = await openRawConnection(portOf());
  connection.socket.write(`GET / HTTP/${version}\r\nHost: localhost\r\n\r\n`);
  const exchange = await until(() => exchanges.shift());
  exchange.start(200, { "content-type": "text/event-stream" });
  return [connection, exchange];
}

/** Writes texts one after the other, each when the client has got the one before. */
async function writeAll(texts: readonly string[], how: "exchange" | "response", version?: string) {
  const [{ socket, received, closed }, exchange] = await openStream(version);
  const writes = vi.spyOn(exchange.output, "write");
  for (const text of texts) {
    const before = received().length;
    if (how === "exchange") {
      exchange.write(text);
    } else {
      exchange.output.write(text);
    }
    await until(() => received().length > before || text === "");
  }
  const byNode = writes.mock.calls.length;
  exchange.closeAfterwards();
  exchange.finish();
  const bytes = await closed;
  socket.destroy();
  return { bytes, byNode };
}

/** What a socket holds, in bytes. */
const room = getDefaultHighWaterMark(false);
const event = 'data: {"ttlSeconds":60}\n\n';
const rows: readonly (readonly [what: string, texts: string[], byNode: number])[] = [
  ["the first text is left to Node, which sends the headers with it", [event], 1],
  ["every further text goes to the socket", [event, event, "data: other\n\n", event], 1],
  ["text outside of ASCII", [event, "data: \u00e9\u20ac\u{1f600}\n\n"], 1],
  ["a text as long as what a socket holds", [event, "x".repeat(room)], 2],
  ["a text just shorter than that", [event, "x".repeat(room - "ffff\r\n\r\n".length - 1)], 1],
  ["no text at all, which would end the body", [event, "", event], 2],
];

describe("Http1Exchange.write", () => {
  it.each(rows)("sends the bytes that Node would send: %s", async (_, texts, byNode) => {
    const ours = await writeAll(texts, "exchange");
    const nodes = await writeAll(texts, "response");
    expect(ours.bytes).toBe(nodes.bytes);
    expect(ours.byNode).toBe(byNode);
  });

  it("drops the head of the response, which Node would keep as long as the stream is open", async () => {
    const [{ socket, received }, exchange] = await openStream();
    const headOf = () => Reflect.get(exchange.output, "_header");
    expect(headOf()).toContain("HTTP/1.1 200 OK");
    exchange.write(event);
    expect(headOf()).toBe("sent");
    expect(exchange.output.headersSent).toBe(true);
    await until(() => received().includes(event));
    expect(received()).toContain("content-type: text/event-stream");
    socket.destroy();
  });

  it("leaves a client of HTTP/1.0, which gets no chunks, to Node", async () => {
    const ours = await writeAll([event, event], "exchange", "1.0");
    expect(ours.bytes).toBe((await writeAll([event, event], "response", "1.0")).bytes);
    expect(ours.byNode).toBe(2);
  });

  it("keeps the order, and says when there is no room, while the client takes nothing", async () => {
    const [{ socket, received }, exchange] = await openStream();
    socket.pause();
    const texts: string[] = [];
    const writeNext = () => {
      texts.push(`data: ${texts.length} ${"x".repeat(8000)}\n\n`);
      return exchange.write(texts.at(-1) ?? "");
    };
    let hasRoom = writeNext();
    while (hasRoom) {
      // What the socket takes at once leaves room.
      await new Promise((resolve) => setImmediate(resolve));
      hasRoom = writeNext();
    }
    const drained = once(exchange.output, "drain");
    socket.resume();
    await drained;
    exchange.write("data: end\n\n");
    await until(() => received().includes("data: end"));
    const numbers = [...received().matchAll(/data: (\d+) x{8000}\n/g)].map(([, number]) => number);
    expect(numbers).toEqual(texts.map((_, index) => String(index)));
  });

  it("waits for the answer to an earlier request of the connection", async () => {
    const { socket, received } = await openRawConnection(portOf());
    socket.write("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => exchanges.length === 2);
    const [first, second] = exchanges;
    second?.start(200, {});
    second?.write("data: one\n\n");
    second?.write("data: two\n\n");
    first?.send({ status: 200, headers: {}, body: "first" });
    await until(() => received().includes("two"));
    expect(received().indexOf("first")).toBeLessThan(received().indexOf("one"));
    expect(received().indexOf("one")).toBeLessThan(received().indexOf("two"));
  });

  it("does nothing on a connection that has closed", async () => {
    const [{ socket }, exchange] = await openStream();
    exchange.write(event);
    socket.resetAndDestroy();
    await once(exchange.output, "close");
    expect(() => exchange.write(event)).not.toThrow();
  });
});
