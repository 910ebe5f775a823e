import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { GetIceServersRequestSchema, IceService } from "../../../src/gen/ice/v1/ice_service_pb.js";
import { RequestHeaders } from "../../../src/rpc/request-headers.js";
import { UnaryCall } from "../../../src/rpc/unary/unary-call.js";

function startCall({ timeoutMs, arrivedAgoMs = 0 }: { timeoutMs?: number; arrivedAgoMs?: number }) {
  const goneListeners: (() => void)[] = [];
  const client = {
    gone: false,
    isGone: () => client.gone,
    onGone: (listener: () => void) => void goneListeners.push(listener),
  };
  const request = {
    method: "POST",
    arrivedAtMs: performance.now() - arrivedAgoMs,
    path: "/a",
    query: "b=c",
    headers: new RequestHeaders([]),
    body: new Uint8Array(),
    contextValues: createContextValues(),
    client,
  };
  const kind = { method: IceService.method.getIceServers, protocolName: "grpc" } as const;
  const message = create(GetIceServersRequestSchema);
  return {
    call: new UnaryCall(kind, request, message, timeoutMs),
    goneListeners,
    goAway() {
      client.gone = true;
      for (const listener of goneListeners) {
        listener();
      }
    },
  };
}

const codeOf = (reason: unknown) => ConnectError.from(reason).code;

describe("UnaryCall", () => {
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

  it("aborts its signal at the deadline, which counts from the request's arrival", async () => {
    const { call } = startCall({ timeoutMs: 10_020, arrivedAgoMs: 10_000 });
    const { signal } = call;
    expect(signal.aborted).toBe(false);
    await expect.poll(() => signal.aborted).toBe(true);
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

  it("ends the signal with the call, and the deadline with it", async () => {
    const { call } = startCall({ timeoutMs: 20 });
    const { signal } = call;
    call.end();
    await sleep(40);
    expect(codeOf(signal.reason)).toBe(Code.Canceled);
  });

  it("tells what is left of its time", () => {
    expect(startCall({}).call.timeoutMs()).toBeUndefined();
    const left = startCall({ timeoutMs: 1000, arrivedAgoMs: 400 }).call.timeoutMs();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(600);
  });

  it("tells the URL with its query", () => {
    expect(startCall({}).call.url).toBe("http://localhost/a?b=c");
  });
});
