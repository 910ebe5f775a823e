import type { DescService } from "@bufbuild/protobuf";
import { createConnectRouter, createServiceImplSpec, type Interceptor } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { TokenVerifier } from "../authentication/token-verifier.js";
import { Health } from "../gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionV1Alpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { IceService } from "../gen/ice/v1/ice_service_pb.js";
import type { createIceServerLister } from "../ice/ice-server-list.js";
import { createAuthenticate } from "./interceptors/authenticate.js";
import { recordCall } from "./interceptors/record-call.js";
import { translateErrors } from "./interceptors/translate-errors.js";
import type { Readiness } from "./readiness.js";
import { createRestHandlers, type RestHandler } from "./rest/rest-handler.js";
import { createHealthService } from "./services/health-service.js";
import { createIceService } from "./services/ice-service.js";
import { createReflectionServices } from "./services/reflection-service.js";

/** The largest request message in bytes. Handlers read it before the interceptors run. */
export const readMaxBytes = 64 * 1024;

export interface RouterOptions {
  readonly verifier: TokenVerifier;
  readonly queryToken: boolean;
  readonly listIceServers: ReturnType<typeof createIceServerLister>;
  readonly readiness: Readiness;
  readonly reflection: boolean;
  /** Aborted when the process has to end: ends the streams that are still open. */
  readonly shutdownSignal: AbortSignal;
}

/** Finds the handler for a path, without its query. */
export type Router = (path: string) => UniversalHandler | undefined;

/** Every service over every protocol, behind one chain of interceptors. */
export function createRouter(options: RouterOptions): Router {
  const publicServices = [Health, ServerReflection, ServerReflectionV1Alpha];
  const handlerOptions = {
    interceptors: createInterceptors(options, publicServices),
    shutdownSignal: options.shutdownSignal,
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes,
  };
  const connectRouter = createConnectRouter(handlerOptions);
  const restHandlers: RestHandler[] = [];

  const iceService = createIceService(options.listIceServers);
  connectRouter.service(IceService, iceService);
  for (const spec of Object.values(
    createServiceImplSpec<typeof IceService>(IceService, iceService).methods,
  )) {
    restHandlers.push(...createRestHandlers(spec, handlerOptions));
  }
  connectRouter.service(Health, createHealthService(options.readiness));
  if (options.reflection) {
    const services: DescService[] = [IceService, ...publicServices];
    const { v1, v1alpha } = createReflectionServices(services);
    connectRouter.service(ServerReflection, v1).service(ServerReflectionV1Alpha, v1alpha);
  }

  const byPath = new Map(connectRouter.handlers.map((handler) => [handler.requestPath, handler]));
  return (path) =>
    byPath.get(path) ?? restHandlers.find((handler) => handler.template.match(path) !== undefined);
}

/** Outermost first. */
export function createInterceptors(
  { verifier, queryToken }: Pick<RouterOptions, "verifier" | "queryToken">,
  publicServices: readonly DescService[],
): Interceptor[] {
  return [
    recordCall,
    translateErrors,
    createAuthenticate({
      verifier,
      queryToken,
      publicServices: new Set(publicServices.map(({ typeName }) => typeName)),
    }),
  ];
}
