import { brotliCompressSync, gzipSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { GetIceServersResponseSchema } from "../../src/gen/ice/v1/ice_service_pb.js";
import { compressedFlag, envelop, splitEnvelopes } from "../conformance/envelope.js";
import type { HttpAnswer, HttpRequest, HttpVersion } from "../conformance/http-client.js";
import { createGrpcJsClient } from "../parts/grpc-js-client.js";
import type { IceService } from "../parts/ice-service.js";
import { type BothVersions, startForBothVersions } from "./both-versions.js";

const token = "protocol-edges-token";
const rpc = "/ice.v1.IceService/GetIceServers";
const watchServers = "/ice.v1.IceService/WatchIceServers";
const noMessage = envelop(Buffer.alloc(0));
const watch = "/grpc.health.v1.Health/Watch";
const check = "/grpc.health.v1.Health/Check";

let service: IceService;
let clients: BothVersions["clients"];
let stop: BothVersions["stop"];
beforeAll(async () => {
  ({ service, clients, stop } = await startForBothVersions(token));
});
afterAll(() => stop());

const send = (version: HttpVersion, request: HttpRequest): Promise<HttpAnswer> =>
  clients[version].send({
    ...request,
    headers: { authorization: `Bearer ${token}`, ...request.headers },
  });

describe.each<[HttpVersion]>([["1.1"], ["2"]])("over HTTP/%s", (version) => {
  it.each(["GZIP", "x-gzip", "X-GZip", "gzip"])("knows Content-Encoding: %s", async (coding) => {
    const headers = { "content-type": "application/json", "content-encoding": coding };
    const { status, body } = await send(version, {
      path: rpc,
      headers,
      body: gzipSync('{"ttlSeconds":3600}'),
    });
    expect(status).toBe(200);
    expect(JSON.parse(body.toString())).toMatchObject({ ttlSeconds: 3600 });
  });

  it.each(["GZIP", "x-gzip", "gzip"])("knows compression=%s in the query", async (coding) => {
    const message = gzipSync('{"ttlSeconds":3600}').toString("base64url");
    const path = `${rpc}?encoding=json&base64=1&compression=${coding}&message=${message}`;
    const { body } = await send(version, { method: "GET", path });
    expect(JSON.parse(body.toString())).toMatchObject({ ttlSeconds: 3600 });
  });

  it.each([
    ["as bytes", "%10%90%1C"],
    ["as base64", "EJAc&base64=1"],
  ])("takes a protobuf message in the query %s", async (_, message) => {
    const path = `${rpc}?encoding=proto&message=${message}`;
    const { status, body } = await send(version, { method: "GET", path });
    expect(status).toBe(200);
    expect(fromBinary(GetIceServersResponseSchema, body).ttlSeconds).toBe(3600);
  });

  it.each<[where: string, request: HttpRequest]>([
    [
      "the query",
      {
        method: "GET",
        path: `${rpc}?encoding=json&message=${encodeURIComponent('{"region":"')}%FF%22}`,
      },
    ],
    [
      "a body",
      {
        path: rpc,
        headers: { "content-type": "application/json" },
        body: Buffer.from('{"region":"\xff"}', "latin1"),
      },
    ],
  ])("rejects JSON in %s that is not UTF-8", async (_, request) => {
    const { status, body } = await send(version, request);
    expect(status).toBe(400);
    expect(JSON.parse(body.toString())).toMatchObject({ code: "invalid_argument" });
  });

  it.each<[contentType: string, body: Buffer]>([
    ["Application/JSON", Buffer.from("{}")],
    ["application/json;charset=UTF-8;x=y", Buffer.from("{}")],
    ["application/json ; charset=iso-8859-1", Buffer.from("{}")],
    ["APPLICATION/proto; x=+json", Buffer.alloc(0)],
    ["Application/GRPC-Web+Proto; charset=utf-8", noMessage],
    ["application/grpc-web;x", noMessage],
  ])("takes the Content-Type %s", async (contentType, body) => {
    const headers = { "content-type": contentType };
    const answer = await send(version, { path: rpc, headers, body });
    expect(answer.status).toBe(200);
    expect(answer.body.toString("latin1")).toContain("turn:turn.example.com");
  });

  it.each<[contentType: string, body: Buffer]>([
    ["Application/Connect+JSON; charset=utf-8", envelop(Buffer.from("{}"))],
    ["application/connect+proto;x=y", noMessage],
    ["APPLICATION/grpc-web+proto; x", noMessage],
    ["application/grpc-web+JSON;charset=utf-8", envelop(Buffer.from("{}"))],
  ])("takes the Content-Type %s for a stream", async (contentType, body) => {
    const headers = { "content-type": contentType, authorization: `Bearer ${token}` };
    const exchange = clients[version].start({ path: watchServers, headers, body });
    const [first] = z.array(z.instanceof(Buffer)).parse(await exchange.firstBytes);
    expect(first?.toString("latin1")).toContain("turn:turn.example.com");
    exchange.cancel();
  });

  it.each(["text/plain", "application/jsonx", "application/json, application/json", ""])(
    "takes no other: %s",
    async (contentType) => {
      for (const path of [rpc, watchServers]) {
        const headers = { "content-type": contentType };
        expect((await send(version, { path, headers, body: Buffer.from("{}") })).status).toBe(415);
      }
    },
  );

  it.each(["", "?message=%7B%7D", "?encoding=xml&message=%7B%7D", "?encoding="])(
    "tells a Connect GET without a known encoding: %s",
    async (query) => {
      const answer = await send(version, { method: "GET", path: rpc + query });
      expect(answer.status).toBe(415);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        code: "invalid_argument",
        error:
          "the query parameter encoding is missing or unknown; use encoding=json or encoding=proto",
      });
    },
  );

  it("answers HEAD as a Connect GET, without the body", async () => {
    const path = `${rpc}?encoding=json&message=%7B%7D`;
    const get = await send(version, { method: "GET", path });
    const head = await send(version, { method: "HEAD", path });
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    expect(head.headers["content-length"]).toBe(String(get.body.length));
    expect(head.headers["content-type"]).toBe("application/json");
    const stranger = await clients[version].send({ method: "HEAD", path });
    expect(stranger.status).toBe(401);
    const put = await send(version, { method: "PUT", path });
    expect(put.headers["allow"]).toBe("POST, GET, HEAD");
  });

  it("names the REST routes for an unknown path", async () => {
    const { status, body } = await send(version, { method: "GET", path: "/nowhere" });
    expect(status).toBe(404);
    expect(JSON.parse(body.toString())).toMatchObject({
      error:
        "no such path; over REST there is GET /api/v1/ice-servers and GET /api/v1/ice-servers:watch and GET /turn",
    });
  });

  it("names the limit of a message", async () => {
    const { body } = await send(version, {
      path: check,
      headers: { "content-type": "application/grpc-web+proto" },
      body: envelop(Buffer.alloc(200_000)),
    });
    const [trailers] = splitEnvelopes(body);
    expect(decodeURIComponent(String(trailers?.bytes))).toContain("65536 bytes");
  });
});

describe("gRPC", () => {
  it.each([
    "Application/GRPC+Proto; charset=utf-8",
    "APPLICATION/grpc",
    "application/grpc;x=+json",
  ])("takes the Content-Type %s, for unary calls and streams", async (contentType) => {
    const headers = { "content-type": contentType, authorization: `Bearer ${token}` };
    const unary = await send("2", { path: rpc, headers, body: noMessage });
    expect(unary.trailers["grpc-status"]).toBe("0");
    const exchange = clients["2"].start({ path: watchServers, headers, body: noMessage });
    const [first] = z.array(z.instanceof(Buffer)).parse(await exchange.firstBytes);
    expect(first?.toString("latin1")).toContain("turn:turn.example.com");
    exchange.cancel();
  });
});

describe.each(["application/grpc", "application/grpc-web"])("%s", (contentType) => {
  it.each([
    [check, "GZIP"],
    [check, "X-gzip"],
    [check, "Br"],
    [watch, "GZIP"],
    [watch, "x-gzip"],
    [watch, "BR"],
  ])("%s knows grpc-encoding: %s", async (path, coding) => {
    const service = Buffer.concat([Buffer.from([0x0a, 18]), Buffer.from("ice.v1.IceService")]);
    service[1] = service.length - 2;
    const bytes = /br/i.test(coding) ? brotliCompressSync(service) : gzipSync(service);
    const exchange = clients["2"].start({
      path,
      headers: { "content-type": contentType, "grpc-encoding": coding },
      body: envelop(bytes, compressedFlag),
    });
    const [first] = z.array(z.instanceof(Buffer)).parse(await exchange.firstBytes);
    // The status SERVING.
    expect(first?.subarray(0, 7).toString("hex")).toBe("00000000020801");
    exchange.cancel();
  });

  it.each([check, watch])("%s names what it knows for an unknown grpc-encoding", async (path) => {
    const { headers, trailers, body } = await clients["2"].send({
      path,
      headers: { "content-type": contentType, "grpc-encoding": "zstd" },
      body: noMessage,
    });
    expect(headers["grpc-accept-encoding"]?.split(",").sort()).toEqual(["br", "gzip", "identity"]);
    expect(trailers).not.toHaveProperty("grpc-accept-encoding");
    expect(`${trailers["grpc-status"]} ${body.toString("latin1")}`).toMatch(/^12|grpc-status: 12/);
  });
});

describe("a response that is worth compressing", () => {
  let long: BothVersions;
  beforeAll(async () => {
    const stunUrls = Array.from({ length: 60 }, (_, index) => `stun:stun-${index}.example.com`);
    long = await startForBothVersions(token, { ice: { stunUrls } });
  });
  afterAll(() => long.stop());

  // jquery/codeorigin.jquery.com#43, fastify/fastify-compress#85, Netflix/zuul#2208
  it.each<[accepted: string, coding: string | undefined]>([
    ["gzip", "gzip"],
    ["GZIP;q=1", "gzip"],
    ["X-GZip", "gzip"],
    ["gzip, deflate, br, zstd", "gzip"],
    ["gzip;q=0.5, br;q=1.0", "br"],
    ["zstd, BR ; q=0.1", "br"],
    ["gzip;q=0", undefined],
    ["identity, deflate;q=1", undefined],
  ])("is sent as Accept-Encoding: %s asks", async (accepted, coding) => {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "accept-encoding": accepted,
    };
    for (const client of [long.clients["1.1"], long.clients["2"]]) {
      const answer = await client.send({ path: rpc, headers, body: Buffer.from("{}") });
      expect(answer.status).toBe(200);
      expect(answer.headers["content-encoding"]).toBe(coding);
    }
  });
});

describe("the message of a gRPC status", () => {
  it.each([
    ["application/grpc", rpc],
    ["application/grpc", watchServers],
    ["application/grpc-web", rpc],
    ["application/grpc-web", watchServers],
  ])("is encoded as gRPC says, over %s at %s", async (contentType, path) => {
    const { trailers, body } = await send("2", {
      path,
      headers: { "content-type": contentType },
      // A negative max_urls.
      body: envelop(Buffer.from([0x18, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1])),
    });
    expect(`grpc-message: ${trailers["grpc-message"]}${body.toString("latin1")}`).toContain(
      "grpc-message: max_urls must be 0 (no limit) or more",
    );
  });
});

describe("@grpc/grpc-js", () => {
  it("shows a message as it was written", async () => {
    const client = createGrpcJsClient(service.target);
    const call = client.getIceServers({ token, request: { ttlSeconds: 1 } });
    await expect(call).rejects.toMatchObject({
      details: "ttl_seconds must be 0 (the default) or from 60 to 86400",
    });
    const unknown = client.getIceServers({ token, request: { region: "100%: é," } });
    await expect(unknown).rejects.toMatchObject({
      details: expect.not.stringMatching(/%(?:3A|2C)/),
    });
    await client.stop();
  });
});

describe("gRPC-Web in the text mode", () => {
  const open = (text: string) =>
    splitEnvelopes(
      Buffer.concat(text.split(/(?<==)(?!=)/).map((part) => Buffer.from(part, "base64"))),
    );
  const text = { "content-type": "application/grpc-web-text" };
  const version = "1.1";

  it.each([
    ["whole", ["AAAAAAA="]],
    ["in padded parts", ["AA==", "AAAA", "AA=="]],
    ["cut within a group", ["A", "A", "AAA", "AA", "="]],
  ])("takes a request that comes %s", async (_, parts) => {
    for (const contentType of ["application/grpc-web-text", "application/GRPC-web-text+proto; x"]) {
      const request = {
        path: rpc,
        headers: { "content-type": contentType, authorization: `Bearer ${token}` },
        body: parts.map((part) => Buffer.from(part)),
      };
      const answer = await send(version, request);
      expect(answer.headers["content-type"]).toBe("application/grpc-web-text+proto");
      const [message, trailers] = open(answer.body.toString());
      expect(message?.bytes.toString("latin1")).toContain("turn:turn.example.com");
      expect(trailers?.bytes.toString()).toBe("grpc-status: 0\r\n");
      const exchange = clients[version].start({ ...request, path: watchServers });
      const [first] = z.array(z.instanceof(Buffer)).parse(await exchange.firstBytes);
      expect(open(String(first))[0]?.bytes.toString("latin1")).toContain("turn:turn.example.com");
      exchange.cancel();
    }
  });

  it.each([rpc, watchServers])("rejects what is not base64 at %s", async (path) => {
    for (const body of ["AAAAAA", "AAAA!AAA", "A===", "AAAAAAA=A"]) {
      const answer = await send(version, { path, headers: text, body: Buffer.from(body) });
      expect(answer.status).toBe(200);
      expect(open(answer.body.toString()).at(-1)?.bytes.toString()).toContain("grpc-status: 3\r\n");
    }
  });

  it.each([rpc, watchServers])("rejects a stranger in the same mode at %s", async (path) => {
    const body = Buffer.from("AAAAAAA=");
    const answer = await clients[version].send({ path, headers: text, body });
    expect(answer.headers["content-type"]).toBe("application/grpc-web-text+proto");
    const [trailers] = open(answer.body.toString());
    expect(trailers?.bytes.toString()).toContain("grpc-status: 16\r\n");
  });
});
