import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { TokenRejectedError } from "../../src/authentication/token-rejected-error.js";
import type { TokenVerifier } from "../../src/authentication/token-verifier.js";
import { InvalidFieldError } from "../../src/errors.js";
import { Health } from "../../src/gen/grpc/health/v1/health_pb.js";
import { GetIceServersResponseSchema, IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { createInterceptors, RouterBuilder } from "../../src/rpc/router.js";
import { getByRouter } from "./unary-request.js";

const rejecting: TokenVerifier = {
  verify(token) {
    if (token === "good") {
      return { kind: "connector", subject: "gateway" };
    }
    throw new TokenRejectedError("unknown_connector_token");
  },
  findEndSeconds: () => undefined,
  async load() {},
  forget() {},
  sources: [],
};

async function call(token: string, impl: () => object) {
  const interceptors = createInterceptors({ verifier: rejecting, queryToken: true }, [Health]);
  const steps: string[] = [];
  const note: Interceptor = (next) => (request) => {
    steps.push("innermost");
    return next(request);
  };
  const router = new RouterBuilder({
    interceptors: [...interceptors, note],
    acceptCompression: [],
    readMaxBytes: 1000,
  })
    .add(IceService, {
      getIceServers() {
        steps.push("handler");
        return create(GetIceServersResponseSchema, impl());
      },
      async *watchIceServers() {},
    })
    .build();
  const { answer, record } = await getByRouter(router, `/api/v1/ice-servers?token=${token}`);
  return { status: answer?.status, record, steps };
}

describe("the interceptors, outermost first", () => {
  it("record the caller and the code of a good call", async () => {
    expect(await call("good", () => ({}))).toEqual({
      status: 200,
      steps: ["innermost", "handler"],
      record: {
        protocol: "rest",
        target: "ice.v1.IceService/GetIceServers",
        code: "ok",
        caller: { kind: "connector", subject: "gateway" },
      },
    });
  });

  it("refuse before anything further in runs, with the translated code and the true cause on record", async () => {
    expect(await call("bad", () => ({}))).toMatchObject({
      status: 401,
      steps: [],
      record: { code: "unauthenticated", cause: "unknown_connector_token" },
    });
  });

  it.each<[string, Error, number, string]>([
    ["a field out of range", new InvalidFieldError("x", "is wrong"), 400, "invalid_argument"],
    ["an unforeseen error", new Error("boom"), 500, "internal"],
    ["a chosen code", new ConnectError("later", Code.Unavailable), 503, "unavailable"],
  ])("translate what the handler throws: %s", async (_, error, status, code) => {
    const outcome = await call("good", () => {
      throw error;
    });
    expect(outcome).toMatchObject({ status, record: { code } });
  });
});
