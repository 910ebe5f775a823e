import pino from "pino";
import { describe, expect, it } from "vitest";
import {
  createDirectRequestLog,
  createRequestLog,
  type RequestEntry,
  type RequestLogLevel,
} from "../../src/observability/request-log.js";

const full: RequestEntry = {
  method: "GET",
  protocol: "rest",
  target: "ice.v1.IceService/GetIceServers",
  code: "ok",
  status: 200,
  durationMs: 0.25,
  caller: { kind: "jwt", issuer: "https://login.test", name: "alice" },
  credentialExpiresAtSeconds: 1748390400,
  region: "eu",
  messagesSent: 3,
  remoteAddress: "127.0.0.1",
  userAgent: "Mozilla/5.0 (X11; Linux x86_64)",
  requestId: "7f9c24e8-3b12-4fef-91d0-1a2b3c4d5e6f",
  traceId: undefined,
  cause: undefined,
  detail: undefined,
};

/** The lines that pino writes, and those that are written directly. */
function logBoth(level: RequestLogLevel, entry: RequestEntry, pid?: number) {
  const service = { service: "ice-service", version: "1.0.0-rc.1" };
  const bindings = pid === undefined ? service : { ...service, pid };
  const timestamp = () => ',"time":"2026-01-01T00:00:00.000Z"';
  const open = (lines: string[]) =>
    pino(
      {
        level: "info",
        base: bindings,
        timestamp,
        formatters: { level: (label) => ({ level: label }) },
      },
      { write: (line: string) => void lines.push(line) },
    );
  const expected: string[] = [];
  createRequestLog(open(expected))(level, entry);
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  createDirectRequestLog(open(lines), { write, timestamp, bindings })(level, entry);
  return { expected, lines };
}

describe("createDirectRequestLog", () => {
  it.each<[string, RequestLogLevel, RequestEntry, number?]>([
    ["a call that went well", "info", full],
    ["a worker's call", "info", full, 4711],
    ["a call with a span", "info", { ...full, traceId: "0af7651916cd43dd8448eb211c80319c" }],
    [
      "a call of which little is known",
      "info",
      {
        ...full,
        target: undefined,
        code: undefined,
        status: undefined,
        caller: undefined,
        credentialExpiresAtSeconds: undefined,
        region: undefined,
        remoteAddress: undefined,
        userAgent: undefined,
        requestId: undefined,
      },
    ],
    [
      "a name that has to be escaped",
      "info",
      { ...full, caller: { kind: "jwt", name: 'a"b\\c\n\u0000\u2028é' } },
    ],
    [
      "an issuer that has to be escaped",
      "info",
      { ...full, caller: { kind: "jwt", issuer: 'a"b\\c', name: "alice" } },
    ],
    ["a caller without an issuer", "info", { ...full, caller: { kind: "connector", name: "a" } }],
    ["a lone surrogate in a name", "info", { ...full, caller: { kind: "jwt", name: "a\ud800b" } }],
    ["an id that has to be escaped", "info", { ...full, requestId: 'a"b\\c' }],
    ["a client that has to be escaped", "info", { ...full, userAgent: 'a"\u0085\u009b31m' }],
    ["a client without a name", "info", { ...full, userAgent: "" }],
    ["a duration of nothing", "info", { ...full, durationMs: 0 }],
    ["a duration in tenths", "info", { ...full, durationMs: 12.3 }],
    ["a duration in hundredths", "info", { ...full, durationMs: 0.07 }],
    ["a duration of a week", "info", { ...full, durationMs: 604_800_000.29 }],
    ["a refused token", "warn", { ...full, caller: undefined, cause: "expired" }],
    ["a canceled call with a cause", "info", { ...full, cause: "cancelled" }],
    ["an error", "error", { ...full, cause: new Error("boom") }],
    ["a probe, which this level leaves out", "debug", full],
  ])("writes what pino would write: %s", (_, level, entry, pid) => {
    const { expected, lines } = logBoth(level, entry, pid);
    expect(lines).toEqual(expected);
  });

  it("names the client of each line", () => {
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const requestLog = createDirectRequestLog(pino({ level: "info" }, { write }), {
      write,
      timestamp: () => "",
      bindings: {},
    });
    const clients = ["a", "a", undefined, "", "b", "a"];
    for (const userAgent of clients) {
      requestLog("info", { ...full, userAgent });
    }
    expect(lines.map((line) => JSON.parse(line).userAgent)).toEqual(clients);
  });

  it("writes nothing where the level is higher", () => {
    const lines: string[] = [];
    const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
    const write = (line: string) => void lines.push(line);
    createDirectRequestLog(log, { write, timestamp: () => "", bindings: {} })("info", full);
    expect(lines).toEqual([]);
  });
});
