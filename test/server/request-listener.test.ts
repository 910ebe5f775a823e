import { createMethodImplSpec } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { StreamCalls } from "../../src/call/stream-calls.js";
import { findSocketAddress } from "../../src/http/client-address.js";
import { httpLimits } from "../../src/http/http-limits.js";
import { RequestCounts } from "../../src/observability/request-counts.js";
import { RouterBuilder } from "../../src/protocols/router.js";
import { Readiness } from "../../src/readiness.js";
import { createRequestListener } from "../../src/server/request-listener.js";
import { LobbyService } from "../schemas/gen/shelf_pb.js";

function listenFor(name: keyof typeof LobbyService.method): void {
  const builder = new RouterBuilder({
    stages: {},
    codec: { acceptCompression: [], readMaxBytes: 1000 },
    streams: new StreamCalls(),
  });
  builder.addMethod(createMethodImplSpec(LobbyService.method[name], () => ({})));
  createRequestListener({
    router: builder.build(),
    readiness: new Readiness(),
    allowedOrigins: [],
    requestLog() {},
    requestCounts: new RequestCounts(),
    findClientAddress: findSocketAddress,
    maxHeaderBytes: httpLimits.maxHeaderBytes,
    furtherRoutes: [["/", () => ({ status: 200, headers: {}, body: "" })]],
  });
}

it.each([
  ["getLiveness", "GetLiveness", "/healthz"],
  ["getReadiness", "GetReadiness", "/readyz"],
  ["getPage", "GetPage", "/"],
] as const)("does not take %s, whose path the service itself serves", (method, name, path) => {
  expect(() => listenFor(method)).toThrow(
    `test.v1.LobbyService/${name} has the path ${path}, which the service itself serves; choose another path in its google.api.http annotation`,
  );
});

it.each(["getTurn", "getAny"] as const)("takes %s, which has other paths", (method) => {
  expect(() => listenFor(method)).not.toThrow();
});
