import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createClient,
  createContextValues,
  createRouterTransport,
  type Transport,
} from "@connectrpc/connect";
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { listTokenKinds } from "../../src/authentication/token-kinds.js";
import { createAuthenticate } from "../../src/call/auth-interceptor.js";
import { requireCaller, streamTokenKey } from "../../src/call/authentication.js";
import { CallRecord } from "../../src/call/call-record.js";
import { CallValues } from "../../src/call/call-values.js";
import { Health } from "../../src/gen/grpc/health/v1/health_pb.js";
import { IceService } from "../../src/gen/ice/v1/ice_service_pb.js";
import { AuthenticationCounts } from "../../src/observability/authentication-counts.js";
import { openVerifier } from "../authentication/open-verifier.js";
import { authWith, createRecordingLog } from "../authentication/verifier-setup.js";
import { connectorCaller } from "../parts/callers.js";

const token = "stock-router-token";
const verifier = openVerifier(authWith(), {
  clock: Date.now,
  log: createRecordingLog().log,
  connectorTokens: [
    { name: "gateway", hash: `sha256:${createHash("sha256").update(token).digest("hex")}` },
  ],
});
const authenticate = createAuthenticate({
  verifier,
  counts: new AuthenticationCounts(listTokenKinds()),
  failedAuthentication: undefined,
  publicServices: new Set([Health.typeName]),
});

/** Tells who calls, in the field that is at hand. */
function routes(router: ConnectRouter): void {
  router
    .service(IceService, {
      getIceServers: (_, { values }) => ({ region: requireCaller(values).subject }),
      async *watchIceServers(_, { values }) {
        const { subject } = requireCaller(values);
        yield { response: { region: `${subject} with ${values.get(streamTokenKey)}` } };
      },
    })
    .service(Health, { check: () => ({}) });
}

const transports = new Map<string, Transport>();
const stops: (() => unknown)[] = [];
beforeAll(async () => {
  // As in an application that mounts the service: nothing of our server, no options.
  const adapter = connectNodeAdapter({ routes, interceptors: [authenticate] });
  const http1 = createHttp1Server(adapter);
  const http2 = createHttp2Server(adapter);
  const [http1Url, http2Url] = await Promise.all(
    [http1, http2].map(async (server) => {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const address = server.address();
      return `http://127.0.0.1:${address instanceof Object ? address.port : 0}`;
    }),
  );
  const sessions = new Http2SessionManager(http2Url ?? "");
  stops.push(
    () => sessions.abort(),
    () => http1.closeAllConnections(),
    () => http1.close(),
    () => http2.close(),
  );
  const overHttp1 = { baseUrl: http1Url ?? "", httpVersion: "1.1" } as const;
  transports.set("Connect", createConnectTransport(overHttp1));
  transports.set("gRPC-Web", createGrpcWebTransport(overHttp1));
  transports.set(
    "gRPC",
    createGrpcTransport({ baseUrl: http2Url ?? "", sessionManager: sessions }),
  );
  transports.set(
    "no wire at all",
    createRouterTransport(routes, { router: { interceptors: [authenticate] } }),
  );
});
afterAll(() => {
  for (const stop of stops) {
    stop();
  }
  verifier.close();
});

function findTransport(name: string): Transport {
  const transport = transports.get(name);
  if (transport === undefined) {
    throw new Error(`no transport ${name}`);
  }
  return transport;
}

describe.each(["Connect", "gRPC-Web", "gRPC", "no wire at all"])(
  "createAuthenticate in a router of Connect, over %s",
  (name) => {
    const withToken = (sent: string) => ({ headers: { Authorization: `Bearer ${sent}` } });

    it("tells the implementation who calls", async () => {
      const client = createClient(IceService, findTransport(name));
      const { region } = await client.getIceServers({}, withToken(token));
      expect(region).toBe("gateway");
      for await (const { response } of client.watchIceServers({}, withToken(token))) {
        expect(response?.region).toBe(`gateway with ${token}`);
      }
    });

    it.each([
      ["no token", {}, Code.Unauthenticated, 'Bearer realm="ice-service"'],
      [
        "an unknown one",
        withToken("unknown"),
        Code.Unauthenticated,
        'Bearer realm="ice-service", error="invalid_token"',
      ],
      [
        "two",
        withToken("a, Bearer b"),
        Code.InvalidArgument,
        'Bearer realm="ice-service", error="invalid_request"',
      ],
    ])("refuses %s", async (_, options, code, challenge) => {
      const client = createClient(IceService, findTransport(name));
      const unary = client.getIceServers({}, options);
      const stream = client.watchIceServers({}, options)[Symbol.asyncIterator]().next();
      for (const outcome of await Promise.allSettled([unary, stream])) {
        const error = ConnectError.from("reason" in outcome ? outcome.reason : undefined);
        expect(error.code).toBe(code);
        expect(error.metadata.get("www-authenticate")).toBe(challenge);
      }
    });

    it("never takes one caller for another", async () => {
      const client = createClient(IceService, findTransport(name));
      await client.getIceServers({}, withToken(token));
      await expect(client.getIceServers({})).rejects.toMatchObject({ code: Code.Unauthenticated });
    });

    it("asks no token of a public service", async () => {
      await createClient(Health, findTransport(name)).check({});
    });
  },
);

describe("createAuthenticate", () => {
  it("leaves a call alone that our own server has authenticated", async () => {
    const record = new CallRecord();
    record.caller = connectorCaller("gateway");
    const next = vi.fn();
    const request = {
      service: IceService,
      header: new Headers(),
      contextValues: new CallValues(record),
    };
    await authenticate(next)(request as never);
    expect(next).toHaveBeenCalledExactlyOnceWith(request);
  });

  it("authenticates anew where an application shares its context values", async () => {
    const contextValues = createContextValues();
    const next = vi.fn();
    const signal = new AbortController().signal;
    const call = (header: Headers) =>
      authenticate(next)({ service: IceService, header, contextValues, signal } as never);
    await call(new Headers({ Authorization: `Bearer ${token}` }));
    await expect(call(new Headers())).rejects.toMatchObject({ code: Code.Unauthenticated });
    expect(next).toHaveBeenCalledOnce();
  });
});
