import { gzipSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GetIceServersResponseSchema } from "../../src/gen/ice/v1/ice_service_pb.js";
import { envelop, splitEnvelopes } from "../conformance/envelope.js";
import {
  createHttpClient,
  type HttpAnswer,
  type HttpClient,
  type HttpRequest,
  type HttpVersion,
} from "../conformance/http-client.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "protocol-edges-token";
const rpc = "/ice.v1.IceService/GetIceServers";
const check = "/grpc.health.v1.Health/Check";

let service: IceService;
let clients: Record<HttpVersion, HttpClient>;
beforeAll(async () => {
  service = await startIceService({
    files: { "tokens.yaml": connectorTokens({ edges: token }), "turn.secret": "north" },
    config: {
      auth: { connectorTokensFile: "tokens.yaml" },
      ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
      shutdown: { delay: "0s", timeout: "1s" },
    },
  });
  clients = {
    "1.1": createHttpClient(service.url, "1.1"),
    "2": createHttpClient(service.url, "2"),
  };
});
afterAll(async () => {
  clients["2"].close();
  await service.stop();
});

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
