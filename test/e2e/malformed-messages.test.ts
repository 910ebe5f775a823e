import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { compressedFlag, envelop } from "../conformance/envelope.js";
import { createHttpClient, type HttpVersion } from "../conformance/http-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { connectorTokens } from "../parts/tokens.js";
import { type BothVersions, startForBothVersions } from "./both-versions.js";

const token = "malformed-test-token";
const check = "/grpc.health.v1.Health/Check";
const watch = "/grpc.health.v1.Health/Watch";
const reflect = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const getServers = "/ice.v1.IceService/GetIceServers";
const watchServers = "/ice.v1.IceService/WatchIceServers";

/** Field 1 with 100 bytes, of which one has come. */
const protobuf = Buffer.from([0x0a, 100, 1]);
const badText = Buffer.from([0x0a, 2, 0xff, 0xfe]);
const bomb = gzipSync(Buffer.alloc(10_000_000));
const deep = Buffer.from(`{"service":${"[".repeat(30_000)}`);
const cutShort = (bytes: Buffer) => bytes.subarray(0, bytes.length - 4);

interface Sent {
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const messages = (type: "proto" | "json"): Sent[] =>
  type === "proto"
    ? [
        { name: "malformed protobuf", body: protobuf },
        { name: "text that is not UTF-8", body: badText },
        { name: "a group without an end", body: Buffer.from([0x0b]) },
        { name: "groups in groups", body: Buffer.alloc(60_000, 0x7b) },
        { name: "an unknown wire type", body: Buffer.from([0x0f]) },
      ]
    : [
        { name: "malformed JSON", body: Buffer.from("{") },
        { name: "JSON of another type", body: Buffer.from('{"service":5,"region":5}') },
        { name: "JSON nested too deeply", body: deep },
        { name: "JSON that is not UTF-8", body: Buffer.from([0x22, 0xff, 0xff]) },
      ];

/** @param encoding the header that names the compression of a message */
function enveloped(type: "proto" | "json", encoding: string): Sent[] {
  const flagged = (bytes: Buffer) => envelop(bytes, compressedFlag);
  return [
    ...messages(type).map(({ name, body }) => ({ name, body: envelop(body) })),
    { name: "a compressed message without an encoding", body: flagged(gzipSync("")) },
    { name: "no gzip", headers: { [encoding]: "gzip" }, body: flagged(Buffer.from("no gzip")) },
    {
      name: "gzip cut short",
      headers: { [encoding]: "gzip" },
      body: flagged(cutShort(gzipSync("x"))),
    },
    { name: "no brotli", headers: { [encoding]: "br" }, body: flagged(Buffer.from("no brotli")) },
    {
      name: "brotli cut short",
      headers: { [encoding]: "br" },
      body: flagged(cutShort(brotliCompressSync("brotli brotli brotli"))),
    },
    { name: "a bomb", headers: { [encoding]: "gzip" }, body: flagged(bomb) },
    {
      name: "an unknown encoding",
      headers: { [encoding]: "zstd" },
      body: flagged(Buffer.from("x")),
    },
    { name: "nothing", body: Buffer.alloc(0) },
    { name: "half an envelope", body: Buffer.from([0, 0]) },
    { name: "an envelope that claims more", body: cutShort(envelop(Buffer.alloc(9))) },
    { name: "an envelope of 4 GB", body: Buffer.from([0, 255, 255, 255, 255]) },
    { name: "a message that is too large", body: envelop(Buffer.alloc(70_000)) },
    { name: "two malformed messages", body: Buffer.concat([envelop(protobuf), envelop(protobuf)]) },
    { name: "an unknown flag", body: envelop(protobuf, 0x7e) },
  ];
}

function plain(type: "proto" | "json"): Sent[] {
  const encoding = "content-encoding";
  return [
    ...messages(type),
    { name: "no gzip", headers: { [encoding]: "gzip" }, body: Buffer.from("no gzip") },
    {
      name: "brotli cut short",
      headers: { [encoding]: "br" },
      body: cutShort(brotliCompressSync("{}")),
    },
    { name: "a bomb", headers: { [encoding]: "gzip" }, body: bomb },
    { name: "an unknown encoding", headers: { [encoding]: "zstd" }, body: Buffer.from("x") },
    { name: "a message that is too large", body: Buffer.alloc(70_000, 0x20) },
  ];
}

interface Wire {
  readonly contentType: string;
  readonly httpVersion: HttpVersion;
  readonly paths: readonly string[];
  readonly sent: readonly Sent[];
}

const both: HttpVersion[] = ["1.1", "2"];
const unary = [check, getServers];
const streams = [watch, watchServers];
const wires: Wire[] = (["proto", "json"] as const).flatMap((type) => [
  {
    contentType: `application/grpc+${type}`,
    httpVersion: "2" as const,
    paths: [...unary, ...streams, reflect],
    sent: enveloped(type, "grpc-encoding"),
  },
  ...both.flatMap((httpVersion) => [
    {
      contentType: `application/grpc-web+${type}`,
      httpVersion,
      paths: [...unary, ...streams],
      sent: enveloped(type, "grpc-encoding"),
    },
    {
      contentType: `application/connect+${type}`,
      httpVersion,
      paths: streams,
      sent: enveloped(type, "connect-content-encoding"),
    },
    { contentType: `application/${type}`, httpVersion, paths: unary, sent: plain(type) },
  ]),
]);

describe("a malformed message", () => {
  let service: IceService;
  let clients: BothVersions["clients"];
  let stop: BothVersions["stop"];
  beforeAll(async () => {
    ({ service, clients, stop } = await startForBothVersions(token, { admin: { port: 0 } }));
  });
  afterAll(() => stop());

  /** Nothing was counted, or logged, as a mistake of the service. */
  async function expectNoFaultOfOurs() {
    const metrics = await scrape(service);
    expect(metrics.value("ice_requests_total", { fault: "server" })).toBeUndefined();
    expect(service.logs().filter(({ level }) => level === "error")).toEqual([]);
  }
  afterEach(expectNoFaultOfOurs);

  it.each(wires)(
    "is the client's fault over $contentType and HTTP/$httpVersion",
    { timeout: 60_000 },
    async ({ contentType, httpVersion, paths, sent }) => {
      const count = async () =>
        (await scrape(service)).value("ice_requests_total", { fault: "client" }) ?? 0;
      const before = await count();
      for (const path of paths) {
        for (const { name, headers = {}, body } of sent) {
          const answer = await clients[httpVersion].send({
            path,
            headers: { ...headers, "content-type": contentType, authorization: `Bearer ${token}` },
            body,
          });
          expect(answer.status, `${path} ${name}`).not.toBe(500);
        }
      }
      expect(await count()).toBeGreaterThan(before + paths.length);
    },
  );

  it("keeps the code that gRPC has for it, at the level info", async () => {
    const answer = await clients["2"].send({
      path: check,
      headers: { "content-type": "application/grpc" },
      body: envelop(protobuf),
    });
    expect({ ...answer.headers, ...answer.trailers }).toMatchObject({ "grpc-status": "13" });
    await expect
      .poll(() => service.logs().filter(({ target }) => target === "grpc.health.v1.Health/Check"))
      .toContainEqual(
        expect.objectContaining({
          ...{ level: "info", protocol: "grpc", code: "internal", cause: "malformed_message" },
        }),
      );
    const labels = { protocol: "grpc", code: "internal", fault: "client" };
    expect((await scrape(service)).value("ice_requests_total", labels)).toBeGreaterThan(0);
  });

  it.each([
    ["application/grpc", "2", "grpc-encoding", /"grpc-status":"13"/],
    ["application/grpc-web+proto", "1.1", "grpc-encoding", /grpc-status: 13/],
    ["application/connect+proto", "1.1", "connect-content-encoding", /"invalid_argument"/],
  ] as const)(
    "that cannot be decompressed has the code of %s",
    async (type, version, name, code) => {
      const { headers, body, trailers } = await clients[version].send({
        path: watchServers,
        headers: { "content-type": type, authorization: `Bearer ${token}`, [name]: "gzip" },
        body: envelop(Buffer.from("no gzip"), compressedFlag),
      });
      expect(`${body}${JSON.stringify({ ...headers, ...trailers })}`).toMatch(code);
    },
  );

  it.each([
    ["a body shorter than its Content-Length", "Content-Length: 100\r\n\r\n{"],
    ["a chunk that is none", "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"],
    ["a body without its last chunk", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"],
  ])("is not ours with %s", async (_, rest) => {
    for (const [path, type] of [
      [check, "application/json"],
      [watch, "application/connect+json"],
      [watch, "application/grpc-web+proto"],
    ]) {
      const socket = connectTcp(service.port, "127.0.0.1");
      socket.on("error", () => {}).resume();
      socket.end(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n${rest}`);
      await once(socket, "close");
    }
  });
});

describe("a stream that ends with the server", () => {
  it("is nobody's fault", async () => {
    const service = await startIceService({
      files: { "tokens.yaml": connectorTokens({ sender: token }) },
      config: {
        auth: { connectorTokensFile: "tokens.yaml" },
        shutdown: { delay: "0s", timeout: "5s" },
      },
    });
    const client = createHttpClient(service.url, "2");
    const { firstBytes, answer } = client.start({
      path: watch,
      headers: { "content-type": "application/grpc" },
      body: envelop(Buffer.alloc(0)),
    });
    await firstBytes;
    const stopped = service.stop();
    expect((await answer).trailers).toMatchObject({ "grpc-status": "14" });
    client.close();
    await stopped;
    const [line] = service.logs().filter(({ target }) => target === "grpc.health.v1.Health/Watch");
    expect(line).toMatchObject({ level: "info", code: "unavailable" });
  });
});
