import { createMethodImplSpec } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { DiskFiles } from "../../src/files/disk-files.js";
import { RequestCounts } from "../../src/observability/request-counts.js";
import { Readiness } from "../../src/rpc/readiness.js";
import { type Router, RouterBuilder, readMaxBytes } from "../../src/rpc/router.js";
import { findSocketAddress } from "../../src/server/client-address.js";
import { httpLimits } from "../../src/server/http-limits.js";
import { openPort } from "../../src/server/port-listener.js";
import { createRequestListener } from "../../src/server/request-listener.js";
import {
  type CallStates,
  createEchoImplementation,
  type EchoImplementation,
} from "./echo-implementation.js";
import { echoMethods, echoService } from "./echo-schema.js";

export { readMaxBytes };

export interface EchoServer {
  readonly url: string;
  readonly callStates: CallStates;
  stop(): Promise<void>;
}

/**
 * Serves EchoService behind the product's own listener, over HTTP/1.1 and HTTP/2 in the clear. What
 * the tests know of how routes are built stands in this file alone.
 */
export async function startEchoServer(): Promise<EchoServer> {
  const callStates: CallStates = new Map();
  const readiness = new Readiness();
  readiness.set("serving");
  const port = await openPort(
    { host: "127.0.0.1", port: 0, maxConnections: 100 },
    new DiskFiles(),
    httpLimits,
    createRequestListener({
      router: createEchoRouter(createEchoImplementation(callStates)),
      readiness,
      allowedOrigins: ["*"],
      requestLog() {},
      findClientAddress: findSocketAddress,
      requestCounts: new RequestCounts(),
    }),
    (_, socket) => socket.destroy(),
  );
  return { url: port.url, callStates, stop: () => port.close(0) };
}

/** As the product's router, with its interceptors, but without authentication. */
function createEchoRouter({ unary, stream }: EchoImplementation): Router {
  const builder = new RouterBuilder({
    interceptors: [],
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes,
  });
  // The service comes first, without implementations: of two routes with one path, the later holds.
  return builder
    .add(echoService, {})
    .addMethod(createMethodImplSpec(echoMethods.echo, unary))
    .addMethod(createMethodImplSpec(echoMethods.echoIdempotent, unary))
    .addMethod(createMethodImplSpec(echoMethods.echoStream, stream))
    .build();
}
