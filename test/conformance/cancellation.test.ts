import { describe, expect, it } from "vitest";
import { useEchoServer } from "./echo-fixture.js";
import { canStream, protoWires, type Wire } from "./wire.js";

const echo = useEchoServer();
const method = "EchoStream";
const data = ["AA==", "AQ==", "Ag=="];
const delayMs = 10_000;

const reaches = (call: string, state: string) =>
  expect.poll(() => echo.stateOf(call), { interval: 5 }).toBe(state);

async function expectServed(wire: Wire): Promise<void> {
  expect((await echo.call(wire, {})).error).toBeUndefined();
}

// Suite: Client Cancellation, here seen from the server.
describe.each(protoWires)("a client that goes away ($name)", (wire) => {
  it("cancels its unary call, and the next one is served", async () => {
    const call = `unary ${wire.name}`;
    const exchange = echo.start(wire, { request: { call, delayMs } });
    await reaches(call, "running");
    exchange.cancel();
    await reaches(call, "canceled");
    await expectServed(wire);
  });

  it("cancels its call before the deadline does", async () => {
    const call = `deadline ${wire.name}`;
    const headers = { "grpc-timeout": "9S", "connect-timeout-ms": "9000" };
    const exchange = echo.start(wire, { request: { call, delayMs }, headers });
    await reaches(call, "running");
    exchange.cancel();
    await reaches(call, "canceled");
  });
});

describe.each(protoWires.filter(canStream))("a client that leaves a stream ($name)", (wire) => {
  it("cancels it before the first message", async () => {
    const call = `before ${wire.name}`;
    const exchange = echo.start(wire, { method, request: { call, data, delayMs } });
    await reaches(call, "running");
    exchange.cancel();
    await reaches(call, "canceled");
    await expectServed(wire);
  });

  it("cancels it between messages", async () => {
    const call = `between ${wire.name}`;
    const exchange = echo.start(wire, { method, request: { call, data, delayMs: 500 } });
    await exchange.firstBytes;
    exchange.cancel();
    await reaches(call, "canceled");
    await expectServed(wire);
  });
});
