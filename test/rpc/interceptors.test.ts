import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { TokenRejectedError } from "../../src/authentication/token-rejected-error.js";
import type { TokenVerifier } from "../../src/authentication/token-verifier.js";
import { InvalidFieldError } from "../../src/errors.js";
import { Health } from "../../src/gen/grpc/health/v1/health_pb.js";
import { GetIceServersResponseSchema, IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { QuotaPool, type Quotas } from "../../src/limits/quota-pool.js";
import { AuthenticationCounts } from "../../src/observability/authentication-counts.js";
import { createInterceptors, RouterBuilder } from "../../src/rpc/router.js";
import { getByRouter } from "./unary-request.js";

const rejecting: TokenVerifier = {
  recognize: (token) =>
    token === "good"
      ? { kind: "connector", subject: "gateway" }
      : { kind: "unknown", token, digest: undefined },
  verifyUnknown({ token }) {
    throw new TokenRejectedError(
      token === "early" ? "keys_unavailable" : "unknown_connector_token",
    );
  },
  verify() {
    throw new Error("the interceptors verify unknown tokens only");
  },
  findEndSeconds: () => undefined,
  async load() {},
  forget() {},
  sources: [],
};

const openQuotas = (limits: Parameters<QuotaPool["open"]>[0]) =>
  new QuotaPool({ clock: () => 0, log: { info() {}, warn() {} } }).open(limits);
const once = { requests: 1, windowSeconds: 60 };

async function call(token: string, impl: () => object, quotas: Quotas = openQuotas({})) {
  const authenticationCounts = new AuthenticationCounts();
  const options = { verifier: rejecting, queryToken: true, quotas, authenticationCounts };
  const interceptors = createInterceptors(options, [Health]);
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
  return { status: answer?.status, headers: answer?.headers, record, steps };
}

describe("the interceptors, outermost first", () => {
  it("record the caller and the code of a good call", async () => {
    expect(await call("good", () => ({}))).toEqual({
      status: 200,
      headers: { "content-type": "application/json" },
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

  it("count a caller once it is known, and refuse it then, whatever the handler would say", async () => {
    const quotas = openQuotas({ caller: once });
    const policy = '"caller";q=1;w=60';
    expect(await call("bad", () => ({}), quotas)).toMatchObject({ status: 401 });
    const boom = () => {
      throw new Error("boom");
    };
    expect(await call("good", boom, quotas)).toMatchObject({
      status: 500,
      headers: { "ratelimit-policy": policy, ratelimit: '"caller";r=0;t=60' },
      steps: ["innermost", "handler"],
    });
    expect(await call("good", () => ({}), quotas)).toMatchObject({
      status: 429,
      headers: {
        "ratelimit-policy": policy,
        ratelimit: '"caller";r=0;t=60',
        "retry-after": "60",
      },
      steps: [],
      record: { code: "resource_exhausted", cause: "caller_limit" },
    });
  });

  it("look at no unknown token once an address has failed too often, but let known ones through", async () => {
    const quotas = openQuotas({ failedAuthentication: once });
    const tokens = ["", "early", "early", "bad", "bad", "", "good"];
    const outcomes = [];
    for (const token of tokens) {
      const { status, record } = await call(token, () => ({}), quotas);
      outcomes.push([status, record.cause]);
    }
    expect(outcomes).toEqual([
      [401, "no_token"],
      [401, "keys_unavailable"],
      [401, "keys_unavailable"],
      [401, "unknown_connector_token"],
      [429, "failed_authentication_limit"],
      [401, "no_token"],
      [200, undefined],
    ]);
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
