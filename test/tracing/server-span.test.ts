import { Readable, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { CallRecord } from "../../src/call/call-record.js";
import type { HttpExchange } from "../../src/http/http-exchange.js";
import { RequestHeaders } from "../../src/http/request-headers.js";
import { describeCall, nameSpan } from "../../src/tracing/server-span.js";
import { connectorCaller } from "../parts/callers.js";

function createExchange(method: string, headers: string[], httpVersion: string): HttpExchange {
  return {
    arrivedAtMs: 0,
    httpVersion,
    method,
    target: "/?token=secret",
    headers: new RequestHeaders(headers),
    remoteAddress: "192.0.2.1",
    connection: {},
    body: Readable.from([]),
    output: new Writable(),
    answerer: undefined,
    guard: (listener) => listener,
    hasBody: false,
    isComplete: () => true,
    takeBody: () => undefined,
    acceptBody() {},
    isGone: () => false,
    onGone() {},
    send() {},
    start() {},
    write: () => true,
    finish() {},
    closeAfterwards() {},
    destroy() {},
  };
}

function describeSpan(
  facts: Partial<CallRecord>,
  {
    method = "POST",
    status,
    headers = [":authority", "ice.example.com:8443"],
    httpVersion = "2.0",
  }: { method?: string; status?: number; headers?: string[]; httpVersion?: string } = {},
) {
  const record = Object.assign(new CallRecord(), facts);
  const call = { exchange: createExchange(method, headers, httpVersion), record, status };
  return { name: nameSpan(call), attributes: describeCall(call, "https") };
}

const server = {
  "server.address": "ice.example.com",
  "server.port": 8443,
  "network.protocol.version": "2",
};
const getIceServers = "ice.v1.IceService/GetIceServers";
const rest = { protocol: "rest", route: "/api/v1/ice-servers", target: getIceServers } as const;

describe("a server span", () => {
  it("of REST has the method, the route and the status", () => {
    const caller = connectorCaller("alice");
    expect(describeSpan({ ...rest, code: "ok", caller }, { method: "GET", status: 200 })).toEqual({
      name: "GET /api/v1/ice-servers",
      attributes: {
        ...server,
        "http.request.method": "GET",
        "http.route": "/api/v1/ice-servers",
        "url.path": "/api/v1/ice-servers",
        "url.scheme": "https",
        "http.response.status_code": 200,
        "ice_service.caller.kind": "connector",
      },
    });
  });

  it.each<[string, Partial<CallRecord>, number | undefined, unknown]>([
    ["a caller's mistake", { ...rest, code: "unauthenticated" }, 401, undefined],
    ["a mistake of ours", { ...rest, code: "internal" }, 500, "500"],
    ["a client that went away", { ...rest, code: "canceled" }, undefined, "canceled"],
  ])("of REST after %s has the error.type that belongs to it", (_, record, status, errorType) => {
    const { attributes } = describeSpan(record, status === undefined ? {} : { status });
    expect(attributes["error.type"]).toBe(errorType);
    expect(attributes["http.response.status_code"]).toBe(status);
  });

  it("of REST with a method of the caller's own names none", () => {
    const { name, attributes } = describeSpan(rest, { method: "SECRET", status: 405 });
    expect(name).toBe("HTTP /api/v1/ice-servers");
    expect(attributes["http.request.method"]).toBe("_OTHER");
  });

  it.each<[CallRecord["protocol"], string, string, string | undefined, string | undefined]>([
    ["grpc", "ok", "grpc", "OK", undefined],
    ["grpc", "canceled", "grpc", "CANCELLED", undefined],
    ["grpc", "unauthenticated", "grpc", "UNAUTHENTICATED", undefined],
    ["grpc", "deadline_exceeded", "grpc", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"],
    ["grpc-web", "internal", "grpc", "INTERNAL", "INTERNAL"],
    ["connect", "ok", "connectrpc", undefined, undefined],
    ["connect", "invalid_argument", "connectrpc", "invalid_argument", undefined],
    ["connect", "unavailable", "connectrpc", "unavailable", "unavailable"],
  ])("of %s that ends with %s", (protocol, code, system, statusCode, errorType) => {
    const { name, attributes } = describeSpan({ protocol, code, target: getIceServers });
    expect(name).toBe(getIceServers);
    expect(attributes["rpc.system.name"]).toBe(system);
    expect(attributes["rpc.method"]).toBe(getIceServers);
    expect(attributes["rpc.status_code"]).toBe(statusCode);
    expect(attributes["error.type"]).toBe(errorType);
  });

  it("of an unknown method is named by the system only", () => {
    const { name, attributes } = describeSpan({ protocol: "grpc", code: "unimplemented" });
    expect(name).toBe("grpc");
    expect(attributes).toMatchObject({ "rpc.method": "_OTHER", "error.type": "UNIMPLEMENTED" });
  });

  it("leaves out a host that is none, as it is anybody's text", () => {
    const headers = ["Host", "user:secret@ice.example.com"];
    const { attributes } = describeSpan(rest, { headers, httpVersion: "1.1" });
    expect(attributes["server.address"]).toBeUndefined();
    expect(attributes["network.protocol.version"]).toBe("1.1");
  });

  it("is not made of what is neither RPC nor REST", () => {
    expect(describeSpan({ protocol: "http", target: "/healthz" }).name).toBeUndefined();
  });
});
