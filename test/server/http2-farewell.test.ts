import { performServerHandshake } from "node:http2";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, expect, it } from "vitest";
import { Guard } from "../../src/http/guard.js";
import { Http2Farewell } from "../../src/server/http2-farewell.js";
import { connectRawHttp2 } from "../parts/http2-frames.js";

const announcement = { lastStreamId: 2 ** 31 - 1, code: 0 };
const cleanUps: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) {
    cleanUp();
  }
});

async function setUp() {
  const server = createServer();
  const made = new Promise<Http2Farewell>((resolve) => {
    server.once("connection", (socket) => {
      cleanUps.push(() => socket.destroy());
      const session = performServerHandshake(socket);
      resolve(new Http2Farewell(session, socket, new Guard({ error() {} })));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUps.push(() => server.close());
  const client = await connectRawHttp2((server.address() as AddressInfo).port);
  const farewell = await made;
  expect(await client.ping()).toBe(true);
  const startMs = performance.now();
  const check = (afterMs: number, isClosing = false) =>
    farewell.check(startMs + afterMs, isClosing);
  return { client, check };
}

it("asks a client to leave once it has sent nothing for a quarter of a second", async () => {
  const { client, check } = await setUp();
  for (const afterMs of [0, 200, 400, 600]) {
    check(afterMs);
    expect(await client.ping()).toBe(true);
  }
  check(700);
  check(949);
  expect(client.goAways()).toEqual([]);
  check(950);
  await expect.poll(client.goAways).toEqual([announcement]);
});

it("asks a client that is never quiet after a second", async () => {
  const { client, check } = await setUp();
  for (const afterMs of [0, 200, 400, 600, 800]) {
    check(afterMs);
    expect(await client.ping()).toBe(true);
  }
  check(1000);
  await expect.poll(client.goAways).toEqual([announcement]);
});

it("asks a client that is never quiet when the port closes, unless it has just come", async () => {
  const { client, check } = await setUp();
  for (const afterMs of [0, 100]) {
    check(afterMs, true);
    expect(await client.ping()).toBe(true);
  }
  check(200, true);
  await expect.poll(client.goAways).toEqual([announcement]);
});
