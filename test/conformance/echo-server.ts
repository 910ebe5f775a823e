import { createConnectRouter } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import pino from "pino";
import { systemClock } from "../../src/clock.js";
import { recordCall } from "../../src/rpc/interceptors/record-call.js";
import { translateErrors } from "../../src/rpc/interceptors/translate-errors.js";
import { Readiness } from "../../src/rpc/readiness.js";
import { type Router, readMaxBytes } from "../../src/rpc/router.js";
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
  const log = pino({ level: "silent" });
  const readiness = new Readiness();
  readiness.set("serving");
  const port = await openPort(
    { host: "127.0.0.1", port: 0, maxConnections: 100 },
    httpLimits,
    createRequestListener({
      router: createEchoRouter(createEchoImplementation(callStates)),
      readiness,
      allowedOrigins: ["*"],
      log,
      clock: systemClock,
    }),
    (_, socket) => socket.destroy(),
  );
  return { url: port.url, callStates, stop: () => port.close(0) };
}

/** As the product's router, with its interceptors, but without authentication. */
function createEchoRouter(implementation: EchoImplementation): Router {
  const router = createConnectRouter({
    interceptors: [recordCall, translateErrors],
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes,
  });
  // The service comes first, without implementations: of two routes with one path, the later holds.
  router
    .service(echoService, {})
    .rpc(echoMethods.echo, implementation.unary)
    .rpc(echoMethods.echoIdempotent, implementation.unary)
    .rpc(echoMethods.echoStream, implementation.stream);
  const byPath = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  return (path) => byPath.get(path);
}
