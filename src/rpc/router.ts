import type { DescService } from "@bufbuild/protobuf";
import {
  createServiceImplSpec,
  type Interceptor,
  type MethodImplSpec,
  type ServiceImpl,
} from "@connectrpc/connect";
import {
  createUniversalMethodHandler,
  type ProtocolHandlerFactory,
} from "@connectrpc/connect/protocol";
import { createHandlerFactory as createConnectHandlerFactory } from "@connectrpc/connect/protocol-connect";
import { createHandlerFactory as createGrpcHandlerFactory } from "@connectrpc/connect/protocol-grpc";
import { createHandlerFactory as createGrpcWebHandlerFactory } from "@connectrpc/connect/protocol-grpc-web";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import type { TokenVerifier } from "../authentication/token-verifier.js";
import { Health } from "../gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionV1Alpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { IceService } from "../gen/ice/v1/ice_service_pb.js";
import type { FindRegion } from "../geolocation/region-finder.js";
import type { ListIceServers } from "../ice/ice-server-list.js";
import type { Quotas } from "../limits/quota-pool.js";
import type { AuthenticationCounts } from "../observability/authentication-counts.js";
import type { CredentialCounts } from "../observability/credential-counts.js";
import type { IceServerWatches } from "../watch/ice-server-watches.js";
import { nameTarget } from "./call-record.js";
import { createAuthenticate } from "./interceptors/authenticate.js";
import { createLimitCaller } from "./interceptors/limit-caller.js";
import { createLimitPublicStreams } from "./interceptors/limit-public-streams.js";
import { settleStream } from "./interceptors/settle-stream.js";
import type { PublicStreamLimits } from "./public-stream-limits.js";
import type { Readiness } from "./readiness.js";
import { readGetBindings } from "./rest/http-binding.js";
import type { PathTemplate } from "./rest/path-template.js";
import { createEventStreamRoute, createRestRoute, createRpcRoute, type Route } from "./route.js";
import { createHealthService } from "./services/health-service.js";
import { createIceService } from "./services/ice-service.js";
import { createReflectionServices } from "./services/reflection-service.js";
import type { HandlerOptions } from "./unary/handler-options.js";

/** The largest request message in bytes. It is read before the interceptors run. */
export const readMaxBytes = 64 * 1024;

export interface RouterOptions {
  readonly verifier: TokenVerifier;
  readonly queryToken: boolean;
  readonly quotas: Quotas;
  readonly authenticationCounts: AuthenticationCounts;
  readonly credentialCounts: CredentialCounts;
  readonly listIceServers: ListIceServers;
  /** Of callers who name none; absent where all of them get the default one. */
  readonly findRegion?: FindRegion | undefined;
  readonly watches: IceServerWatches;
  readonly readiness: Readiness;
  readonly publicStreamLimits: PublicStreamLimits;
  readonly reflection: boolean;
  /** Aborted when the process has to end: ends the streams that are still open. */
  readonly shutdownSignal: AbortSignal;
}

/** Finds the route for a path, without its query. */
export type Router = (path: string) => Route | undefined;

/** Every service over every protocol, behind one chain of interceptors. */
export function createRouter(options: RouterOptions): Router {
  const { publicStreamLimits } = options;
  const publicServices = [Health, ServerReflection, ServerReflectionV1Alpha];
  const builder = new RouterBuilder({
    interceptors: createInterceptors(options, publicServices),
    streamInterceptors: [
      createLimitPublicStreams(
        new Map([
          [Health.typeName, publicStreamLimits.health],
          [ServerReflection.typeName, publicStreamLimits.reflection],
          [ServerReflectionV1Alpha.typeName, publicStreamLimits.reflection],
        ]),
      ),
    ],
    shutdownSignal: options.shutdownSignal,
    acceptCompression: [compressionGzip, compressionBrotli],
    readMaxBytes,
  });
  builder.add(IceService, createIceService(options));
  builder.add(Health, createHealthService(options.readiness));
  if (options.reflection) {
    const { v1, v1alpha } = createReflectionServices([IceService, ...publicServices]);
    builder.add(ServerReflection, v1).add(ServerReflectionV1Alpha, v1alpha);
  }
  return builder.build();
}

/** Collects methods with their implementations. */
export class RouterBuilder {
  readonly #options: HandlerOptions;
  readonly #streamOptions: HandlerOptions;
  readonly #streamProtocols: ProtocolHandlerFactory[];
  readonly #byPath = new Map<string, Route>();
  readonly #byTemplate: { readonly template: PathTemplate; readonly route: Route }[] = [];

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#streamOptions = {
      ...options,
      interceptors: [settleStream, ...(options.streamInterceptors ?? []), ...options.interceptors],
    };
    this.#streamProtocols = [
      createGrpcHandlerFactory(this.#streamOptions),
      createGrpcWebHandlerFactory(this.#streamOptions),
      createConnectHandlerFactory(this.#streamOptions),
    ];
  }

  /** Methods without an implementation answer UNIMPLEMENTED. */
  add<Desc extends DescService>(service: Desc, implementation: Partial<ServiceImpl<Desc>>): this {
    for (const spec of Object.values(createServiceImplSpec(service, implementation).methods)) {
      this.addMethod(spec);
    }
    return this;
  }

  addMethod(spec: MethodImplSpec): this {
    if (spec.kind === "unary") {
      this.#addRoute(createRpcRoute(spec, this.#options));
      for (const binding of readGetBindings(spec.method)) {
        this.#addRestRoute(binding.template, createRestRoute(spec, binding, this.#options));
      }
      return this;
    }
    const handler = createUniversalMethodHandler(spec, this.#streamProtocols);
    const { requestPath: path, allowedMethods } = handler;
    const target = nameTarget(spec.method);
    this.#addRoute({ kind: "stream", path, target, allowedMethods, handler });
    if (spec.kind === "server_streaming") {
      for (const binding of readGetBindings(spec.method)) {
        this.#addRestRoute(
          binding.template,
          createEventStreamRoute(spec, binding, this.#streamOptions),
        );
      }
    }
    return this;
  }

  build(): Router {
    return (path) =>
      this.#byPath.get(path) ??
      this.#byTemplate.find(({ template }) => template.match(path) !== undefined)?.route;
  }

  #addRestRoute(template: PathTemplate, route: Route): void {
    if (template.isLiteral) {
      this.#addRoute(route);
    } else {
      this.#byTemplate.push({ template, route });
    }
  }

  #addRoute(route: Route): void {
    this.#byPath.set(route.path, route);
  }
}

/** Outermost first. */
export function createInterceptors(
  {
    verifier,
    queryToken,
    quotas,
    authenticationCounts: counts,
  }: Pick<RouterOptions, "verifier" | "queryToken" | "quotas" | "authenticationCounts">,
  publicServices: readonly DescService[],
): Interceptor[] {
  return [
    createAuthenticate({
      verifier,
      queryToken,
      counts,
      publicServices: new Set(publicServices.map(({ typeName }) => typeName)),
      failedAuthentication: quotas.failedAuthentication,
    }),
    ...(quotas.caller === undefined ? [] : [createLimitCaller(quotas.caller)]),
  ];
}
