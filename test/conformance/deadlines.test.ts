import { describe, expect, it } from "vitest";
import { useEchoServer } from "./echo-fixture.js";
import {
  canStream,
  protoWires,
  readAnswer,
  type Wire,
  writeRequest,
  writeTimeout,
} from "./wire.js";

const echo = useEchoServer();
const data = ["AA==", "AQ==", "Ag=="];
const grpcWires = protoWires.filter(({ protocol }) => protocol.startsWith("grpc"));
const connectWires = protoWires.filter(({ protocol }) => protocol.startsWith("connect"));
/** What may have passed of a deadline when the handler looks at it; a busy machine is slow. */
const graceMs = 5000;

const seenTimeout = async (wire: Wire, headers: Record<string, string>) => {
  const { messages } = await echo.call(wire, { headers });
  return messages[0]?.seen?.timeoutMs;
};

// Suites: Deadline Propagation, Timeouts.
describe.each(protoWires)("a deadline of a unary call ($name)", (wire) => {
  it("is seen by the handler as the time that is left", async () => {
    const timeoutMs = await seenTimeout(wire, writeTimeout(wire, 20_000));
    expect(timeoutMs).toBeGreaterThan(20_000 - graceMs);
    expect(timeoutMs).toBeLessThanOrEqual(20_000);
  });

  it("is none when the client sets none", async () => {
    expect(await seenTimeout(wire, {})).toBeUndefined();
  });

  it("ends the call when it passes, and in time", async () => {
    const startedAtMs = performance.now();
    const { error } = await echo.call(wire, {
      request: { call: wire.name, delayMs: 15_000 },
      headers: writeTimeout(wire, 150),
    });
    expect(error?.code).toBe("deadline_exceeded");
    // A bound on the rule, not a measure of speed: the handler would take 15 s.
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
    // On a busy machine, it can pass before the handler begins.
    expect([undefined, "deadline_exceeded"]).toContain(echo.stateOf(wire.name));
  });

  it("of zero is over at once", async () => {
    const { error } = await echo.call(wire, { headers: writeTimeout(wire, 0) });
    expect(error?.code).toBe("deadline_exceeded");
  });
});

describe.each(protoWires.filter(canStream))("a deadline of a unary call ($name)", (wire) => {
  // Well before the port cuts a slow request.
  it("holds while the request is still arriving", async () => {
    const request = writeRequest(wire, {
      request: { data },
      headers: writeTimeout(wire, 150),
    });
    const body = [request.body].flat().map((part) => Buffer.from(part ?? []).subarray(0, 3));
    const http = await echo.send(wire.httpVersion, { ...request, body, unfinished: true });
    expect(readAnswer(wire, http).error?.code).toBe("deadline_exceeded");
  });
});

describe.each(protoWires.filter(canStream))("a deadline of a server stream ($name)", (wire) => {
  const method = "EchoStream";

  it("is seen by the handler as the time that is left", async () => {
    const headers = writeTimeout(wire, 20_000);
    const { messages } = await echo.call(wire, { method, request: { data }, headers });
    expect(messages[0]?.seen?.timeoutMs).toBeGreaterThan(20_000 - graceMs);
    expect(messages[0]?.seen?.timeoutMs).toBeLessThanOrEqual(20_000);
  });

  it("ends the stream when it passes before the first message", async () => {
    const { error, messages } = await echo.call(wire, {
      method,
      request: { data, delayMs: 5000 },
      headers: writeTimeout(wire, 150),
    });
    expect(error?.code).toBe("deadline_exceeded");
    expect(messages).toEqual([]);
  });

  it("ends the stream when it passes between messages, which have arrived", async () => {
    const many = Array.from({ length: 50 }, (_, i) => Buffer.from([i]).toString("base64"));
    const { error, messages } = await echo.call(wire, {
      method,
      request: { data: many, delayMs: 100 },
      headers: writeTimeout(wire, 600),
    });
    expect(error?.code).toBe("deadline_exceeded");
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.map((message) => message.data)).toEqual(many.slice(0, messages.length));
  });
});

// PROTOCOL-HTTP2.md: at most eight digits and one of six units.
describe.each(grpcWires)("grpc-timeout ($name)", (wire) => {
  it.each([
    { value: "1H", timeoutMs: 3_600_000 },
    { value: "5M", timeoutMs: 300_000 },
    { value: "70S", timeoutMs: 70_000 },
    { value: "25000m", timeoutMs: 25_000 },
    { value: "30000000u", timeoutMs: 30_000 },
    { value: "00000090S", timeoutMs: 90_000 },
  ])("$value is $timeoutMs ms", async ({ value, timeoutMs }) => {
    const left = await seenTimeout(wire, { "grpc-timeout": value });
    expect(left).toBeGreaterThan(timeoutMs - graceMs);
    expect(left).toBeLessThanOrEqual(timeoutMs);
  });

  it.each(["1n", "99999999n", "1u"])("%s is over before a slow handler is done", async (value) => {
    const request = { delayMs: 5000 };
    const { error } = await echo.call(wire, { request, headers: { "grpc-timeout": value } });
    expect(error?.code).toBe("deadline_exceeded");
  });

  it("99999999H is served: further away than timers reach", async () => {
    const { error } = await echo.call(wire, { headers: { "grpc-timeout": "99999999H" } });
    expect(error).toBeUndefined();
  });

  it.each(["", "1", "S", "1x", "1s", "-1S", "+1S", "1.5S", "1 S", "123456789m", "1S, 2S"])(
    "%j is refused",
    async (value) => {
      const { error } = await echo.call(wire, { headers: { "grpc-timeout": value } });
      expect(error?.code).toBe("invalid_argument");
    },
  );
});

// https://connectrpc.com/docs/protocol#unary-request: at most ten digits.
describe.each(connectWires)("connect-timeout-ms ($name)", (wire) => {
  it("9999999999 is served: further away than timers reach", async () => {
    const { error } = await echo.call(wire, { headers: { "connect-timeout-ms": "9999999999" } });
    expect(error).toBeUndefined();
  });

  it.each(["", "x", "1s", "-1", "+1", "1.5", "12345678901", "1, 2"])(
    "%j is refused",
    async (value) => {
      const { error } = await echo.call(wire, { headers: { "connect-timeout-ms": value } });
      expect(error?.code).toBe("invalid_argument");
    },
  );
});
