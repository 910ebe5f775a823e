import { GrpcWebFetchTransport } from "@protobuf-ts/grpcweb-transport";
import { MessageType, ScalarType } from "@protobuf-ts/runtime";
import { type MethodInfo, ServiceType } from "@protobuf-ts/runtime-rpc";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "grpc-web-text-token";

interface Request {
  maxUrls: number;
}
interface Response {
  region: string;
  ttlSeconds: number;
}
interface WatchResponse {
  response?: Response;
}

const requestType = new MessageType<Request>("ice.v1.GetIceServersRequest", [
  { no: 3, name: "max_urls", kind: "scalar", T: ScalarType.INT32 },
]);
const responseType = new MessageType<Response>("ice.v1.GetIceServersResponse", [
  { no: 3, name: "ttl_seconds", kind: "scalar", T: ScalarType.INT32 },
  { no: 4, name: "region", kind: "scalar", T: ScalarType.STRING },
]);
const watchResponseType = new MessageType<WatchResponse>("ice.v1.WatchIceServersResponse", [
  { no: 1, name: "response", kind: "message", T: () => responseType },
]);
const { methods } = new ServiceType("ice.v1.IceService", [
  { name: "GetIceServers", I: requestType, O: responseType, options: {} },
  {
    name: "WatchIceServers",
    serverStreaming: true,
    I: requestType,
    O: watchResponseType,
    options: {},
  },
]);
function findMethod(name: string): MethodInfo {
  const method = methods.find((candidate) => candidate.name === name);
  if (method === undefined) {
    throw new Error(`the service has no method ${name}`);
  }
  return method;
}
const getServers: MethodInfo<Request, Response> = findMethod("GetIceServers");
const watchServers: MethodInfo<Request, WatchResponse> = findMethod("WatchIceServers");

// Its default is the text mode.
describe("@protobuf-ts/grpcweb-transport", () => {
  let service: IceService;
  let transport: GrpcWebFetchTransport;
  beforeAll(async () => {
    service = await startIceService({
      files: { "tokens.yaml": connectorTokens({ web: token }), "turn.secret": "north" },
      config: {
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: { turn: { urls: ["turn:turn.example.com"], secretFiles: ["turn.secret"] } },
        shutdown: { delay: "0s", timeout: "1s" },
      },
    });
    transport = new GrpcWebFetchTransport({ baseUrl: service.url });
  });
  afterAll(() => service.stop());

  const withToken = () => transport.mergeOptions({ meta: { authorization: `Bearer ${token}` } });

  it("calls a unary method", async () => {
    const call = transport.unary(getServers, { maxUrls: 0 }, withToken());
    expect((await call.response).ttlSeconds).toBe(86_400);
    expect((await call.status).code).toBe("OK");
  });

  it("opens a stream", async () => {
    const leave = new AbortController();
    const options = { ...withToken(), abort: leave.signal };
    const call = transport.serverStreaming(watchServers, { maxUrls: 0 }, options);
    for await (const { response } of call.responses) {
      expect(response?.ttlSeconds).toBe(86_400);
      break;
    }
    leave.abort();
    await call.then(
      () => {},
      () => {},
    );
  });

  it.each([
    ["a message that is rejected", () => withToken(), "INVALID_ARGUMENT", "max_urls must be"],
    ["no token", () => transport.mergeOptions({}), "UNAUTHENTICATED", "invalid auth token"],
  ])("is told of %s", async (_, options, code, message) => {
    const unary = transport.unary(getServers, { maxUrls: -1 }, options());
    await expect(unary.response).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    const stream = transport.serverStreaming(watchServers, { maxUrls: -1 }, options());
    await expect(stream).rejects.toMatchObject({ code });
  });
});
