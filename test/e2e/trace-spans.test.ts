import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import { type IceService as IceServiceProcess, startIceService } from "../parts/ice-service.js";
import type { ExportedSpan } from "../parts/otlp-message.js";
import { type OtlpReceiver, startOtlpReceiver } from "../parts/otlp-receiver.js";
import {
  authorization,
  callerName,
  eventually,
  lastRequest,
  parentId,
  route,
  sampled,
  settings,
  soon,
  token,
  traceId,
  turnSecret,
} from "../parts/traced-service.js";

const collectorKey = "traces-test-collector-key";
const getIceServers = "ice.v1.IceService/GetIceServers";
const serverKind = 2;
const errorStatus = 2;

const answerSchema = z.object({
  iceServers: z.tuple([z.object({}), z.object({ username: z.string(), credential: z.string() })]),
});

describe.each(["http/protobuf", "http/json"])("spans by OTLP over %s", (protocol) => {
  let receiver: OtlpReceiver;
  let service: IceServiceProcess;
  let others: Record<string, number | string | boolean>;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    service = await startIceService({
      ...settings,
      env: {
        ...soon,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${collectorKey}`,
        OTEL_SERVICE_NAME: "ice-test",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
      },
    });
    others = { "server.address": "127.0.0.1", "server.port": service.port };
  });
  afterAll(async () => {
    await service.stop();
    await receiver.stop();
  });

  /** Makes a call; returns its span, once that has come. */
  async function trace(call: () => Promise<unknown>): Promise<ExportedSpan> {
    const before = receiver.spans().length;
    await call();
    await eventually(() => receiver.spans().length).toBe(before + 1);
    const [span] = receiver.spans().slice(before);
    if (span === undefined) {
      throw new Error("no span");
    }
    return span;
  }

  const rest = (query = "", headers: Record<string, string> = { authorization }) =>
    fetch(`${service.url}${route}${query}`, { headers });

  it("tell of a REST call", async () => {
    const span = await trace(() => rest());
    expect(span).toMatchObject({
      name: `GET ${route}`,
      kind: serverKind,
      parentSpanId: "",
      status: 0,
      events: 0,
      attributes: {
        ...others,
        "http.request.method": "GET",
        "http.route": route,
        "url.path": route,
        "url.scheme": "http",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "ice_service.caller.kind": "connector",
      },
    });
    expect(span.endNanos).toBeGreaterThan(span.startNanos);
    expect(span.traceId).toMatch(/^[\da-f]{32}$/);
    expect(lastRequest(service)).toMatchObject({ protocol: "rest", traceId: span.traceId });
  });

  it("tell whose they are", async () => {
    const { resource } = await trace(() => rest());
    expect(resource).toMatchObject({
      "service.name": "ice-test",
      "service.version": expect.stringMatching(/^\d+\.\d+\.\d+$/),
      "service.instance.id": expect.stringMatching(/^[\da-f-]{36}$/),
      "deployment.environment.name": "test",
      "telemetry.sdk.language": "nodejs",
    });
    expect(Object.keys(resource).filter((key) => key.startsWith("process."))).toEqual([]);
    expect(receiver.exports[0]).toMatchObject({
      path: "/v1/traces",
      headers: { "x-collector-key": collectorKey },
    });
  });

  it("tell of a Connect call", async () => {
    const client = createClient(
      IceService,
      createConnectTransport({ baseUrl: service.url, httpVersion: "1.1" }),
    );
    const span = await trace(() => client.getIceServers({}, { headers: { authorization } }));
    expect(span).toMatchObject({
      name: getIceServers,
      kind: serverKind,
      status: 0,
      attributes: {
        ...others,
        "rpc.system.name": "connectrpc",
        "rpc.method": getIceServers,
        "network.protocol.version": "1.1",
      },
    });
    expect(Object.keys(span.attributes)).not.toContain("rpc.status_code");
  });

  it("tell of a gRPC-Web call", async () => {
    const client = createClient(
      IceService,
      createGrpcWebTransport({ baseUrl: service.url, httpVersion: "1.1" }),
    );
    const span = await trace(() => client.getIceServers({}, { headers: { authorization } }));
    expect(span).toMatchObject({
      name: getIceServers,
      attributes: { "rpc.system.name": "grpc", "rpc.status_code": "OK" },
    });
  });

  it("belong to the trace of a gRPC caller", async () => {
    const client = createGrpcJsClient(service.target);
    const metadata = { traceparent: sampled, tracestate: "vendor=value,other=1" };
    try {
      const span = await trace(() => client.getIceServers({ token, metadata }));
      expect(span).toMatchObject({
        name: getIceServers,
        kind: serverKind,
        traceId,
        parentSpanId: parentId,
        traceState: "vendor=value,other=1",
        status: 0,
        attributes: {
          ...others,
          "rpc.system.name": "grpc",
          "rpc.method": getIceServers,
          "rpc.status_code": "OK",
          "network.protocol.version": "2",
        },
      });
      expect(lastRequest(service)).toMatchObject({ protocol: "grpc", traceId });
    } finally {
      await client.stop();
    }
  });

  it("of a gRPC call that failed have its code, and an error where the server is to blame", async () => {
    const client = createGrpcJsClient(service.target);
    const refused = (path: string, options: object) => () =>
      expect(client.callRaw(path, Buffer.alloc(0), options)).rejects.toThrow();
    try {
      const path = `/${getIceServers}`;
      expect(await trace(refused(path, {}))).toMatchObject({
        name: getIceServers,
        status: 0,
        attributes: { "rpc.status_code": "UNAUTHENTICATED" },
      });
      expect(await trace(refused("/ice.v1.IceService/Nope", { token }))).toMatchObject({
        name: "grpc",
        status: errorStatus,
        attributes: {
          "rpc.method": "_OTHER",
          "rpc.status_code": "UNIMPLEMENTED",
          "error.type": "UNIMPLEMENTED",
        },
      });
    } finally {
      await client.stop();
    }
  });

  it.each([
    ["without a token", "", {}, 401],
    ["with a bad argument", "?ttlSeconds=1", { authorization }, 400],
  ])("of a REST call %s are no error of the server's", async (_, query, headers, status) => {
    expect(await trace(() => rest(query, headers))).toMatchObject({
      status: 0,
      attributes: { "http.response.status_code": status },
    });
  });

  it.each([
    ["without one", undefined],
    ["with one that is cut", `00-${traceId}-${parentId}`],
    ["with one of zeros", `00-${"0".repeat(32)}-${parentId}-01`],
    ["with one in capitals", sampled.toUpperCase()],
    ["with one of the forbidden version", `ff${sampled.slice(2)}`],
    ["with two", `${sampled}, ${sampled}`],
  ])("begin a trace of their own %s", async (_, traceparent) => {
    const headers = { authorization, ...(traceparent !== undefined && { traceparent }) };
    const span = await trace(() => rest("", headers));
    expect(span.parentSpanId).toBe("");
    expect(span.traceId).not.toBe(traceId);
  });

  it.each([
    ["of a later version, by what this one knows", `01-${traceId}-${parentId}-01-more`],
    ["with the random flag of level 2", `00-${traceId}-${parentId}-03`],
  ])("take a traceparent %s", async (_, traceparent) => {
    const span = await trace(() => rest("", { authorization, traceparent }));
    expect(span).toMatchObject({ traceId, parentSpanId: parentId });
  });

  it("are not made where the caller does not sample, nor for probes, preflights and unknown paths", async () => {
    const before = receiver.spans().length;
    await rest("", { authorization, traceparent: sampled.replace(/1$/, "0") });
    await eventually(() => lastRequest(service)?.["traceId"]).toBeUndefined();
    await fetch(`${service.url}/healthz`);
    await fetch(`${service.url}/nope`);
    await fetch(service.url + route, {
      method: "OPTIONS",
      headers: { origin: "https://app.test", "access-control-request-method": "GET" },
    });
    // Whatever those had sent would have come before this one.
    const last = await trace(() => rest());
    expect(receiver.spans().slice(before)).toEqual([last]);
  });

  it("hold no secret", async () => {
    const wrong = "traces-test-wrong-token";
    const before = receiver.spans().length;
    const response = await rest(`?token=${token}&region=`, {});
    const [, { username, credential }] = answerSchema.parse(await response.json()).iceServers;
    await rest(`?token=${wrong}`, {});
    await rest("", { authorization: `Bearer ${wrong}`, cookie: "a=secret-cookie" });
    await eventually(() => receiver.spans().length).toBe(before + 3);
    const exported = receiver.exports.map(({ body }) => body.toString("latin1")).join("\n");
    expect(exported).toContain(route);
    const secrets = [token, wrong, turnSecret, username, credential, collectorKey, "secret-cookie"];
    expect(
      [...secrets, callerName, "token=", "region="].filter((secret) => exported.includes(secret)),
    ).toEqual([]);
    // The username stands in no log either, but the caller's name does.
    expect(secrets.filter((secret) => service.stderr().includes(secret))).toEqual([]);
  });
});
