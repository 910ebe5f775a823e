import { Readable, Writable } from "node:stream";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { listTokenKinds } from "../../src/authentication/token-kinds.js";
import {
  TokenRejectedError,
  VerificationUnavailableError,
} from "../../src/authentication/token-rejected-error.js";
import { type TokenVerifier, UnknownToken } from "../../src/authentication/token-verifier.js";
import { StreamCalls } from "../../src/call/stream-calls.js";
import { InvalidFieldError } from "../../src/errors.js";
import { GetIceServersResponseSchema, IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { findSocketAddress } from "../../src/http/client-address.js";
import type { HttpExchange } from "../../src/http/http-exchange.js";
import { httpLimits } from "../../src/http/http-limits.js";
import type { HttpAnswer } from "../../src/http/http-message.js";
import { RequestHeaders } from "../../src/http/request-headers.js";
import { QuotaPool, type Quotas } from "../../src/limits/quota-pool.js";
import { AuthenticationCounts } from "../../src/observability/authentication-counts.js";
import { RequestCounts } from "../../src/observability/request-counts.js";
import type { RequestEntry } from "../../src/observability/request-log.js";
import { RouterBuilder } from "../../src/protocols/router.js";
import { Readiness } from "../../src/readiness.js";
import { createRequestListener } from "../../src/server/request-listener.js";
import { createSharedStages } from "../../src/services/service-router.js";
import { connectorCaller } from "../parts/callers.js";

/** Knows one token. `slow` is verified when the test says so. */
function createVerifier(slow: Promise<void>): TokenVerifier {
  const caller = connectorCaller("gateway");
  return {
    recognize: (token) => (token === "good" ? caller : new UnknownToken(token, undefined)),
    async verifyUnknown({ token }) {
      if (token === "slow") {
        await slow;
        return caller;
      }
      if (token === "asked in vain") {
        throw new VerificationUnavailableError("endpoint_down");
      }
      throw token === "early"
        ? new TokenRejectedError("keys_unavailable", false)
        : new TokenRejectedError("unknown_connector_token");
    },
    verify() {
      throw new Error("calls have unknown tokens verified only");
    },
    async load() {},
    forget() {},
    describe: () => [],
    sources: [],
  };
}

const openQuotas = (limits: Parameters<QuotaPool["open"]>[0]) =>
  new QuotaPool({
    clock: () => 0,
    log: { info() {}, warn() {} },
    monotonicClock: () => 0,
    startTimer() {},
  }).open(limits);
const once = { requests: 1, windowSeconds: 60 };

interface Setup {
  readonly impl?: () => object;
  readonly quotas?: Quotas;
  readonly slow?: Promise<void>;
  readonly method?: string;
  /** Path and query. */
  readonly target?: string;
}

/** Starts a call as the port would. The body has bytes that show whether somebody has read them. */
function startCall(
  token: string,
  {
    impl = () => ({}),
    quotas = openQuotas({}),
    slow = Promise.resolve(),
    method = "POST",
    target = "/ice.v1.IceService/GetIceServers",
  }: Setup = {},
) {
  const counts = new AuthenticationCounts(listTokenKinds());
  const steps: string[] = [];
  const router = new RouterBuilder({
    stages: createSharedStages({
      verifier: createVerifier(slow),
      authenticationCounts: counts,
      queryToken: true,
      quotas,
    }),
    codec: { acceptCompression: [], readMaxBytes: 1000 },
    streams: new StreamCalls(),
  })
    .add(IceService, {
      getIceServers() {
        steps.push("implementation");
        return create(GetIceServersResponseSchema, impl());
      },
      async *watchIceServers() {},
    })
    .build();
  const lines: RequestEntry[] = [];
  const readiness = new Readiness();
  readiness.set("serving");
  const listener = createRequestListener({
    router,
    readiness,
    allowedOrigins: [],
    requestLog: (_, entry) => void lines.push(entry),
    maxHeaderBytes: httpLimits.maxHeaderBytes,
    findClientAddress: findSocketAddress,
    requestCounts: new RequestCounts(),
  });
  const body = new Readable({
    read() {
      steps.push("body");
      this.push(Buffer.from("{}"));
      this.push(null);
    },
  });
  const answer = new Promise<HttpAnswer>((resolve) => {
    const exchange: HttpExchange = {
      arrivedAtMs: performance.now(),
      httpVersion: "2.0",
      method,
      target,
      headers: new RequestHeaders([
        ...["content-type", "application/json"],
        ...(token === "" ? [] : ["authorization", `Bearer ${token}`]),
      ]),
      remoteAddress: "192.0.2.1",
      connection: {},
      body,
      output: new Writable(),
      answerer: undefined,
      guard: (guarded) => guarded,
      hasBody: true,
      isComplete: () => body.readableEnded,
      takeBody: () => undefined,
      acceptBody() {},
      isGone: () => false,
      onGone() {},
      send: resolve,
      start() {},
      write: () => true,
      finish() {},
      closeAfterwards() {},
      destroy() {},
    };
    listener(exchange);
  });
  return { answer, steps, lines };
}

async function call(token: string, setup: Setup = {}) {
  const { answer, steps, lines } = startCall(token, setup);
  const { status, headers, body } = await answer;
  const [line] = lines;
  return { status, headers, body: String(body), steps, line };
}

const allSteps = ["body", "implementation"];

describe("the stages of a call", () => {
  it("lets a known token on, and puts its caller on record", async () => {
    expect(await call("good")).toMatchObject({
      status: 200,
      steps: allSteps,
      line: {
        protocol: "connect",
        target: "ice.v1.IceService/GetIceServers",
        code: "ok",
        caller: { kind: "connector", name: "gateway" },
      },
    });
  });

  it("refuses before the body is read, with the true cause in the log alone", async () => {
    expect(await call("bad")).toMatchObject({
      status: 401,
      headers: { "www-authenticate": 'Bearer realm="ice-service", error="invalid_token"' },
      steps: [],
      line: {
        target: "ice.v1.IceService/GetIceServers",
        code: "unauthenticated",
        cause: "unknown_connector_token",
      },
    });
    expect(await call("")).toMatchObject({ status: 401, steps: [], line: { cause: "no_token" } });
  });

  it("tells callers with a rejected token the same, whatever the cause", async () => {
    const { line: first, steps: _, ...answer } = await call("bad");
    const { line: second, steps: __, ...other } = await call("early");
    for (const { headers } of [answer, other]) {
      expect(headers).toHaveProperty("x-request-id");
      delete headers["x-request-id"];
    }
    expect([first?.cause, second?.cause]).toEqual(["unknown_connector_token", "keys_unavailable"]);
    expect(other).toEqual(answer);
    expect(JSON.parse(answer.body)).toEqual({
      code: "unauthenticated",
      message: "invalid auth token",
    });
  });

  it("tells a caller to try again when nobody knows whether its token is good", async () => {
    const { headers, ...answer } = await call("asked in vain");
    expect(answer).toMatchObject({
      status: 503,
      steps: [],
      line: { code: "unavailable", cause: "endpoint_down" },
    });
    expect(headers).not.toHaveProperty("www-authenticate");
  });

  it.each([
    ["/api/v1/ice-servers?token=good", "GET", 200],
    ["/ice.v1.IceService/GetIceServers?encoding=json&message=%7B%7D&token=good", "GET", 401],
    ["/ice.v1.IceService/GetIceServers?token=good", "POST", 401],
  ])("takes a token from the query on REST routes only: %s", async (target, method, status) => {
    expect(await call("", { target, method })).toMatchObject({ status });
  });

  it("reads nothing while a token is verified", async () => {
    let verify = () => {};
    const slow = new Promise<void>((resolve) => {
      verify = resolve;
    });
    const { answer, steps } = startCall("slow", { slow });
    await new Promise((resolve) => setImmediate(resolve));
    expect(steps).toEqual([]);
    verify();
    expect((await answer).status).toBe(200);
    expect(steps).toEqual(allSteps);
  });

  it("counts a caller once it is known, and refuses it then before the body is read", async () => {
    const quotas = openQuotas({ caller: once });
    const policy = '"caller";q=1;w=60';
    expect(await call("bad", { quotas })).toMatchObject({ status: 401 });
    const impl = () => {
      throw new Error("boom");
    };
    expect(await call("good", { impl, quotas })).toMatchObject({
      status: 500,
      headers: { "ratelimit-policy": policy, ratelimit: '"caller";r=0;t=60' },
      steps: allSteps,
    });
    expect(await call("good", { quotas })).toMatchObject({
      status: 429,
      headers: {
        "ratelimit-policy": policy,
        ratelimit: '"caller";r=0;t=60',
        "retry-after": "60",
      },
      steps: [],
      line: { code: "resource_exhausted", cause: "caller_limit" },
    });
  });

  it("looks at no unknown token once an address has failed too often, but lets known ones on", async () => {
    const quotas = openQuotas({ failedAuthentication: once });
    const outcomes = [];
    for (const token of ["", "early", "asked in vain", "early", "bad", "bad", "", "good"]) {
      const { status, line } = await call(token, { quotas });
      outcomes.push([status, line?.cause]);
    }
    expect(outcomes).toEqual([
      [401, "no_token"],
      [401, "keys_unavailable"],
      [503, "endpoint_down"],
      [401, "keys_unavailable"],
      [401, "unknown_connector_token"],
      [429, "failed_authentication_limit"],
      [401, "no_token"],
      [200, undefined],
    ]);
  });
});

describe("a call that was let on", () => {
  it.each<[string, Error, number, string]>([
    ["a field out of range", new InvalidFieldError("x", "is wrong"), 400, "invalid_argument"],
    ["an unforeseen error", new Error("boom"), 500, "internal"],
    ["a chosen code", new ConnectError("later", Code.Unavailable), 503, "unavailable"],
  ])("is answered with what its implementation throws: %s", async (_, error, status, code) => {
    const impl = () => {
      throw error;
    };
    expect(await call("good", { impl })).toMatchObject({ status, line: { code } });
  });
});
