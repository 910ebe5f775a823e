import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Call } from "../../src/call/call.js";
import type { Codec } from "../../src/call/codec.js";
import { Reply } from "../../src/call/reply.js";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { RequestCounts } from "../../src/observability/request-counts.js";
import { Readiness } from "../../src/readiness.js";
import { createFakeClient } from "../http/fake-client.js";

function startCall({ timeoutMs, arrivedAgoMs = 0 }: { timeoutMs?: number; arrivedAgoMs?: number }) {
  const client = createFakeClient({ arrivedAtMs: performance.now() - arrivedAgoMs });
  const records = { requestLog() {}, requestCounts: new RequestCounts() };
  const reply = new Reply(client.exchange, records, new Readiness());
  const { headers } = client.exchange;
  const codec: Codec = {
    protocol: "grpc",
    problem: undefined,
    timeoutMs,
    readMaxBytes: 0,
    maxBodyBytes: 0,
    decode() {
      throw new Error("nothing is read here");
    },
    refuse() {
      throw new Error("nothing is answered here");
    },
  };
  const head = { method: "POST", path: "/a", query: "b=c", headers };
  const call = new Call(IceService.method.getIceServers, codec, reply, head);
  return { call, goneListeners: client.goneListeners, goAway: client.leave };
}

const codeOf = (reason: unknown) => ConnectError.from(reason).code;

const timers = ["setTimeout", "clearTimeout", "performance"] as const;
beforeEach(() => void vi.useFakeTimers({ toFake: [...timers] }));
afterEach(() => void vi.useRealTimers());

describe("Call", () => {
  it("listens to nothing until its signal is asked for", () => {
    const { call, goneListeners } = startCall({ timeoutMs: 1000 });
    expect(call.findEnd()).toBeUndefined();
    call.end();
    expect(goneListeners).toEqual([]);
  });

  it("aborts its signal when the client goes away", () => {
    const { call, goAway } = startCall({});
    const { signal } = call;
    expect(signal.aborted).toBe(false);
    goAway();
    expect(codeOf(signal.reason)).toBe(Code.Canceled);
  });

  it("aborts its signal at the deadline, which counts from the request's arrival", () => {
    const { call } = startCall({ timeoutMs: 10_020, arrivedAgoMs: 10_000 });
    const { signal } = call;
    vi.advanceTimersByTime(19);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(codeOf(signal.reason)).toBe(Code.DeadlineExceeded);
  });

  it("makes a signal that is aborted already where the call is over", () => {
    const { call, goAway } = startCall({});
    goAway();
    expect(codeOf(call.signal.reason)).toBe(Code.Canceled);
    expect(codeOf(startCall({ timeoutMs: 0 }).call.signal.reason)).toBe(Code.DeadlineExceeded);
  });

  it("tells why it is over", () => {
    const { call, goAway } = startCall({ timeoutMs: 1000 });
    expect(call.findEnd()).toBeUndefined();
    goAway();
    expect(codeOf(call.findEnd())).toBe(Code.Canceled);
    expect(codeOf(startCall({ timeoutMs: 0 }).call.findEnd())).toBe(Code.DeadlineExceeded);
  });

  it("ends the signal with the call, and the deadline with it", () => {
    const { call } = startCall({ timeoutMs: 20 });
    const { signal } = call;
    call.end();
    expect(vi.getTimerCount()).toBe(0);
    expect(codeOf(signal.reason)).toBe(Code.Canceled);
  });

  it("tells what is left of its time", () => {
    expect(startCall({}).call.timeoutMs()).toBeUndefined();
    expect(startCall({ timeoutMs: 1000, arrivedAgoMs: 400 }).call.timeoutMs()).toBe(600);
  });

  it("tells the URL with its query", () => {
    expect(startCall({}).call.url).toBe("http://localhost/a?b=c");
  });
});
