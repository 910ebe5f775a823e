import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import { runProgram } from "../parts/child-process.js";
import type { IceService } from "../parts/ice-service.js";
import { servesFor, startCalledService, token } from "./called-service.js";
import { findGoTool } from "./go-tools.js";

const services = [
  "grpc.health.v1.Health",
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
  "ice.v1.IceService",
];
const getIceServers = "ice.v1.IceService/GetIceServers";
const authorization = ["-H", `Authorization: Bearer ${token}`];
const failureSchema = z.looseObject({ code: z.number(), stderr: z.string() });

let certificate: TestCertificate;
let clear: IceService;
let tls: IceService;
beforeAll(async () => {
  certificate = await createCertificate();
  [clear, tls] = await Promise.all([startCalledService(), startCalledService(certificate)]);
});
afterAll(async () => {
  await Promise.all([clear.stop(), tls.stop()]);
  await certificate.stop();
});

async function run(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await runProgram(command, args, { timeout: 60_000 });
  return stdout;
}

/** What a program that must fail writes to standard error. */
async function failureOf(outcome: Promise<string>): Promise<string> {
  const error = await outcome.then((stdout) => {
    throw new Error(`It succeeded and printed ${stdout}`);
  }, failureSchema.parse);
  return error.stderr;
}

const lines = (text: string) => text.trim().split("\n");

describe.each([
  ["in the clear", () => ["-plaintext"], () => clear.target],
  ["with TLS", () => ["-cacert", certificate.caFile], () => tls.target],
])("grpcurl %s", (_, flags, target) => {
  const grpcurl = (args: readonly string[], ...words: readonly string[]) =>
    run(findGoTool("grpcurl"), [...flags(), ...args, target(), ...words]);

  it("lists the services and the methods", async () => {
    expect(lines(await grpcurl([], "list"))).toEqual(services);
    expect(lines(await grpcurl([], "list", "ice.v1.IceService"))).toEqual([
      "ice.v1.IceService.GetIceServers",
      "ice.v1.IceService.WatchIceServers",
    ]);
  });

  it.each([
    ["ice.v1.IceService", "rpc GetIceServers ( .ice.v1.GetIceServersRequest )"],
    ["ice.v1.IceService", 'option (.google.api.http) = { get: "/api/v1/ice-servers" };'],
    ["ice.v1.IceService.WatchIceServers", "returns ( stream .ice.v1.WatchIceServersResponse )"],
    ["ice.v1.GetIceServersRequest", "int32 ttl_seconds = 2;"],
    ["ice.v1.IceServer.urls", "repeated string urls = 1;"],
    ["google.rpc.BadRequest", "repeated .google.rpc.BadRequest.FieldViolation field_violations"],
    ["google.rpc.BadRequest.FieldViolation", "string description = 2"],
    ["google.protobuf.Timestamp", "int64 seconds = 1"],
    ["grpc.health.v1.HealthCheckResponse.ServingStatus", "SERVING = 1;"],
  ])("describes %s", async (symbol, described) => {
    expect(await grpcurl([], "describe", symbol)).toContain(described);
  });

  it("calls GetIceServers", async () => {
    const call = [...authorization, "-d", '{"ttl_seconds": 600}'];
    expect(JSON.parse(await grpcurl(call, getIceServers))).toEqual(servesFor(600));
  });

  it("checks the health without a token", async () => {
    expect(JSON.parse(await grpcurl([], "grpc.health.v1.Health/Check"))).toEqual({
      status: "SERVING",
    });
  });

  it("shows why a token is rejected", async () => {
    expect(lines(await failureOf(grpcurl([], getIceServers)))).toEqual([
      "ERROR:",
      "  Code: Unauthenticated",
      "  Message: invalid auth token",
    ]);
  });

  it("shows which field is wrong", async () => {
    const call = [...authorization, "-d", '{"ttl_seconds": 5}'];
    const failure = await failureOf(grpcurl(call, getIceServers));
    expect(failure).toContain("Message: ttl_seconds must be 0 (the default) or from 60 to 86400\n");
    expect(failure).toContain('"description": "must be 0 (the default) or from 60 to 86400"');
    expect(failure).not.toContain("not recognized");
  });

  it("says that a symbol is unknown", async () => {
    expect(await failureOf(grpcurl([], "describe", "ice.v1.Nothing"))).toContain(
      "Symbol not found: ice.v1.Nothing",
    );
  });
});

describe.each([
  ["in the clear", () => ["--http2-prior-knowledge"], () => clear.url],
  [
    "with TLS",
    () => ["--cacert", certificate.caFile],
    () => tls.url.replace("127.0.0.1", "localhost"),
  ],
])("buf curl %s", (_, flags, url) => {
  const buf = (path: string, ...args: readonly string[]) =>
    run("npx", ["buf", "curl", ...flags(), ...args, `${url()}${path}`]);

  it("lists the services and the methods", async () => {
    expect(lines(await buf("", "--list-services"))).toEqual(services);
    expect(await buf("", "--list-methods")).toContain(`${getIceServers}\n`);
  });

  it.each(["connect", "grpc", "grpcweb"])("calls GetIceServers over %s", async (protocol) => {
    const call = ["--protocol", protocol, ...authorization, "-d", '{"ttlSeconds": 600}'];
    expect(JSON.parse(await buf(`/${getIceServers}`, ...call))).toEqual(servesFor(600));
  });

  const debug = {
    fieldViolations: [
      { field: "ttl_seconds", description: "must be 0 (the default) or from 60 to 86400" },
    ],
  };

  // Over gRPC it decodes only the details of messages that it was built with.
  it.each([
    ["connect", { debug }],
    ["grpc", {}],
    ["grpcweb", {}],
  ])("shows which field is wrong over %s", async (protocol, decoded) => {
    const call = ["--protocol", protocol, ...authorization, "-d", '{"ttlSeconds": 5}'];
    expect(JSON.parse(await failureOf(buf(`/${getIceServers}`, ...call)))).toEqual({
      code: "invalid_argument",
      message: "ttl_seconds must be 0 (the default) or from 60 to 86400",
      details: [{ type: "google.rpc.BadRequest", value: expect.any(String), ...decoded }],
    });
  });
});
