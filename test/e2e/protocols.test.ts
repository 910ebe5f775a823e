import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { credentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BadRequestSchema } from "../../src/gen/google/rpc/error_details_pb.js";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../src/gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../src/gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionV1Alpha } from "../../src/gen/grpc/reflection/v1alpha/reflection_pb.js";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { createCertificate, type TestCertificate } from "../parts/certificate.js";
import {
  createGrpcJsClient,
  type GrpcJsCallOptions,
  type GrpcJsClient,
} from "../parts/grpc-js-client.js";
import { type IceService as IceServiceProcess, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "protocols-test-token";
const headers = { Authorization: `Bearer ${token}` };
const files = { "tokens.yaml": connectorTokens({ protocols: token }), "turn.secret": "north" };
const config = {
  auth: { connectorTokensFile: "tokens.yaml" },
  ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
};
let certificate: TestCertificate;
let ca: string;
let clear: IceServiceProcess;
let tls: IceServiceProcess;

beforeAll(async () => {
  certificate = await createCertificate();
  ca = readFileSync(certificate.caFile, "utf8");
  const { certFile, keyFile } = certificate;
  clear = await startIceService({ files, config });
  tls = await startIceService({
    files,
    config: { ...config, listen: { tls: { certFile, keyFile } } },
  });
});
afterAll(async () => {
  await Promise.all([clear.stop(), tls.stop()]);
  await certificate.stop();
});

const transports: [name: string, create: (baseUrl: string, ca?: string) => Transport][] = (
  [
    ["connect", createConnectTransport],
    ["grpc-web", createGrpcWebTransport],
  ] as const
).flatMap(([name, create]) =>
  (["1.1", "2"] as const).map((httpVersion): (typeof transports)[number] => [
    `${name} over HTTP/${httpVersion}`,
    (baseUrl, ca) => create({ baseUrl, httpVersion, ...(ca && { nodeOptions: { ca } }) }),
  ]),
);
transports.push([
  "grpc",
  (baseUrl, ca) => createGrpcTransport({ baseUrl, ...(ca && { nodeOptions: { ca } }) }),
]);
transports.push([
  "connect GET",
  (baseUrl, ca) =>
    createConnectTransport({
      baseUrl,
      httpVersion: "1.1",
      useHttpGet: true,
      ...(ca && { nodeOptions: { ca } }),
    }),
]);

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => {
      throw new Error("the call was expected to fail");
    },
    (error: unknown) => ConnectError.from(error),
  );

describe.each(transports)("IceService with connect-node, %s", (_, create) => {
  it("answers with servers and credential, in the clear and with TLS", async () => {
    for (const transport of [create(clear.url), create(tls.url, ca)]) {
      const response = await createClient(IceService, transport).getIceServers({}, { headers });
      expect(response.iceServers.map(({ urls }) => urls)).toEqual([
        ["stun:turn.example.com"],
        ["turn:turn.example.com"],
      ]);
      expect(response.iceServers[1]?.username).toBe(
        `${response.expireTime?.seconds}:webrtc-gateway`,
      );
      expect(response.ttlSeconds).toBe(86400);
      expect(response.region).toBe("");
    }
  });

  it("refuses a call without a valid token, with the challenge", async () => {
    const client = createClient(IceService, create(clear.url));
    const error = await failureOf(
      client.getIceServers({}, { headers: { Authorization: "Bearer x" } }),
    );
    expect(error.code).toBe(Code.Unauthenticated);
    expect(error.rawMessage).toBe("invalid auth token");
    expect(error.metadata.get("WWW-Authenticate")).toBe(
      'Bearer realm="ice-service", error="invalid_token"',
    );
  });

  it("does not take a token from the query: that is for REST", async () => {
    const interceptQuery = createClient(IceService, create(`${clear.url}`));
    const error = await failureOf(interceptQuery.getIceServers({}));
    expect(error.code).toBe(Code.Unauthenticated);
  });

  it("names the field of an invalid argument, in text and as BadRequest detail", async () => {
    const client = createClient(IceService, create(clear.url));
    const error = await failureOf(client.getIceServers({ ttlSeconds: 5 }, { headers }));
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.rawMessage).toContain("ttl_seconds");
    expect(error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.field).toBe("ttl_seconds");
  });
});

describe("deadlines", () => {
  // A timer of more than 2^31 - 1 ms would fire at once; some clients send such a time to mean "never".
  it("takes one that is further away than timers reach for none, with Connect", async () => {
    const response = await fetch(`${clear.url}/ice.v1.IceService/GetIceServers`, {
      method: "POST",
      headers: {
        ...headers,
        "Content-Type": "application/json",
        "Connect-Timeout-Ms": "9999999999",
      },
      body: "{}",
    });
    expect(response.status).toBe(200);
  });

  it("takes one that is further away than timers reach for none, with gRPC", async () => {
    const client = createClient(IceService, createGrpcTransport({ baseUrl: clear.url }));
    const response = await client.getIceServers(
      {},
      { headers: { ...headers, "grpc-timeout": "99999999H" } },
    );
    expect(response.iceServers).toHaveLength(2);
  });

  it("ends a call whose time is up", async () => {
    const response = await fetch(`${clear.url}/ice.v1.IceService/GetIceServers`, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json", "Connect-Timeout-Ms": "0" },
      body: "{}",
    });
    expect(await response.json()).toMatchObject({ code: "deadline_exceeded" });
  });
});

describe("gRPC with @grpc/grpc-js", () => {
  const path = "/ice.v1.IceService/GetIceServers";
  const withClient = async <T>(
    server: IceServiceProcess,
    run: (client: GrpcJsClient) => Promise<T>,
  ) => {
    const channel = server === tls ? credentials.createSsl(Buffer.from(ca)) : undefined;
    const client = createGrpcJsClient(server.target, channel);
    try {
      return await run(client);
    } finally {
      await client.stop();
    }
  };

  it.each([
    ["in the clear", () => clear],
    ["with TLS", () => tls],
  ])("answers %s", async (_, server) => {
    const response = await withClient(server(), (client) =>
      client.getIceServers({ token, request: { ttlSeconds: 60 } }),
    );
    expect(response.ttlSeconds).toBe(60);
  });

  it.each<[string, GrpcJsCallOptions, Uint8Array, status]>([
    ["no token", {}, Buffer.alloc(0), status.UNAUTHENTICATED],
    ["a wrong token", { token: "x" }, Buffer.alloc(0), status.UNAUTHENTICATED],
    ["a message that is no protobuf", { token }, Buffer.from("ffff", "hex"), status.INTERNAL],
    ["a message over 64 KiB", { token }, Buffer.alloc(70_000, 0x0a), status.RESOURCE_EXHAUSTED],
  ])("refuses %s", async (_, options, message, code) => {
    const call = withClient(clear, (client) => client.callRaw(path, message, options));
    await expect(call).rejects.toMatchObject({ code });
  });

  it("answers an unknown method with UNIMPLEMENTED", async () => {
    const call = withClient(clear, (client) =>
      client.callRaw("/ice.v1.IceService/Nope", Buffer.alloc(0)),
    );
    await expect(call).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  });
});

describe("Connect GET with curl", () => {
  it("answers with JSON", () => {
    const url = `${clear.url}/ice.v1.IceService/GetIceServers?connect=v1&encoding=json&message=%7B%22maxUrls%22%3A1%7D`;
    const output = execFileSync("curl", ["-sS", "-H", `Authorization: Bearer ${token}`, url], {
      encoding: "utf8",
    });
    expect(JSON.parse(output)).toMatchObject({ iceServers: [{ urls: ["turn:turn.example.com"] }] });
  });

  it("answers over prior-knowledge HTTP/2 and over TLS with ALPN", () => {
    const route = "/api/v1/ice-servers";
    const format = ["-o", "/dev/null", "-w", "%{http_code} %{http_version}"];
    const curl = (...args: string[]) =>
      execFileSync("curl", ["-sS", "-H", `Authorization: Bearer ${token}`, ...format, ...args], {
        encoding: "utf8",
      });
    expect(curl("--http2-prior-knowledge", clear.url + route)).toBe("200 2");
    expect(curl("--http1.1", clear.url + route)).toBe("200 1.1");
    expect(curl("--cacert", certificate.caFile, "--http2", tls.url + route)).toBe("200 2");
    expect(curl("--cacert", certificate.caFile, "--http1.1", tls.url + route)).toBe("200 1.1");
    expect(curl("--cacert", certificate.caFile, "--no-alpn", tls.url + route)).toBe("200 1.1");
  });
});

describe("mutual TLS", () => {
  it("takes clients with a certificate of the authority only", async () => {
    const { caFile, certFile, keyFile } = certificate;
    const listen = { tls: { certFile, keyFile, clientCaFile: caFile } };
    const server = await startIceService({ files, config: { ...config, listen } });
    try {
      const curl = (...args: string[]) =>
        spawnSync("curl", ["-sS", "--cacert", caFile, ...args, `${server.url}/health`], {
          encoding: "utf8",
        });
      expect(curl().status).not.toBe(0);
      expect(curl("--cert", certFile, "--key", keyFile).stdout).toBe('{"status":"healthy"}');
    } finally {
      await server.stop();
    }
  });
});

describe("grpc.health.v1.Health", () => {
  const client = () => createClient(Health, createGrpcTransport({ baseUrl: clear.url }));

  it("knows the server and the service, without a token", async () => {
    expect((await client().check({ service: "" })).status).toBe(Status.SERVING);
    expect((await client().check({ service: "ice.v1.IceService" })).status).toBe(Status.SERVING);
    expect((await failureOf(client().check({ service: "x" }))).code).toBe(Code.NotFound);
    expect(Object.keys((await client().list({})).statuses)).toEqual(["", "ice.v1.IceService"]);
  });

  it("tells a watcher when the server drains", async () => {
    const server = await startIceService({
      files,
      config: { ...config, shutdown: { delay: "1s" } },
    });
    const watcher = createClient(Health, createGrpcTransport({ baseUrl: server.url }));
    const seen: Status[] = [];
    let stopped: Promise<unknown> | undefined;
    const error = await failureOf(
      (async () => {
        for await (const { status: state } of watcher.watch({ service: "" })) {
          seen.push(state);
          stopped ??= server.stop();
        }
      })(),
    );
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
    expect(error.code).toBe(Code.Unavailable);
    expect(await stopped).toBe(0);
  });
});

describe.each([
  ["v1", ServerReflection],
  ["v1alpha", ServerReflectionV1Alpha],
])("grpc.reflection.%s", (_, service) => {
  type Ask = { case: "listServices" | "fileContainingSymbol" | "fileByFilename"; value: string };
  const ask = async (messageRequest: Ask) => {
    const client = createClient(
      service as typeof ServerReflection,
      createGrpcTransport({ baseUrl: clear.url }),
    );
    const requests = (async function* () {
      yield { messageRequest };
    })();
    for await (const response of client.serverReflectionInfo(requests)) {
      return response.messageResponse;
    }
    throw new Error("no answer");
  };

  it("lists the services", async () => {
    expect(await ask({ case: "listServices", value: "" })).toMatchObject({
      case: "listServicesResponse",
      value: {
        service: [
          { name: "ice.v1.IceService" },
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
        ],
      },
    });
  });

  const serviceFiles = [
    "ice/v1/ice_service.proto",
    "google/api/annotations.proto",
    "google/api/http.proto",
    "google/protobuf/descriptor.proto",
    "google/protobuf/timestamp.proto",
  ];

  it.each([
    ["ice.v1.IceService", serviceFiles],
    ["ice.v1.IceService.GetIceServers", serviceFiles],
    ["ice.v1.IceServer", serviceFiles],
    ["google.rpc.BadRequest", ["google/rpc/error_details.proto", "google/protobuf/duration.proto"]],
  ])("finds the file of %s with all that it imports", async (symbol, names) => {
    const answer = await ask({ case: "fileContainingSymbol", value: symbol });
    const files = (answer.value as { fileDescriptorProto: Uint8Array[] }).fileDescriptorProto;
    expect(files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)).toEqual(names);
  });

  it("answers for what it does not know with an error", async () => {
    expect(await ask({ case: "fileByFilename", value: "x.proto" })).toMatchObject({
      case: "errorResponse",
      value: { errorCode: Code.NotFound },
    });
  });
});
