import type { DescService } from "@bufbuild/protobuf";
import { createServiceImplSpec, type MethodImplSpec, type ServiceImpl } from "@connectrpc/connect";
import {
  createUniversalMethodHandler,
  type ProtocolHandlerFactory,
} from "@connectrpc/connect/protocol";
import { createHandlerFactory as createConnectHandlerFactory } from "@connectrpc/connect/protocol-connect";
import { createHandlerFactory as createGrpcHandlerFactory } from "@connectrpc/connect/protocol-grpc";
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
import { createAdmission } from "./admission/admission.js";
import type { AdmissionStage } from "./admission/admission-stage.js";
import { createLimitPublicStreams } from "./interceptors/limit-public-streams.js";
import { settleStream } from "./interceptors/settle-stream.js";
import type { PublicStreamLimits } from "./public-stream-limits.js";
import type { Readiness } from "./readiness.js";
import { readGetBindings } from "./rest/http-binding.js";
import type { PathTemplate } from "./rest/path-template.js";
import {
  createEventStreamRoute,
  createRestRoute,
  createRpcRoute,
  createStreamRoute,
  type Route,
} from "./route.js";
import { createHealthService } from "./services/health-service.js";
import { createIceService } from "./services/ice-service.js";
import { createReflectionServices } from "./services/reflection-service.js";
import { strictJson } from "./strict-json.js";
import type { HandlerOptions } from "./unary/handler-options.js";

/** The largest request message in bytes. */
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
export interface Router {
  (path: string): Route | undefined;
  /** The paths, or path templates, of REST. */
  readonly restPaths: readonly string[];
}

/** Every service over every protocol, behind one admission. */
export function createRouter(options: RouterOptions): Router {
  const { publicStreamLimits } = options;
  const publicServices = [Health, ServerReflection, ServerReflectionV1Alpha];
  const builder = new RouterBuilder({
    interceptors: [],
    streamInterceptors: [
      createLimitPublicStreams(
        new Map([
          [Health.typeName, publicStreamLimits.health],
          [ServerReflection.typeName, publicStreamLimits.reflection],
          [ServerReflectionV1Alpha.typeName, publicStreamLimits.reflection],
        ]),
      ),
    ],
    admit: createAdmission({ ...options, counts: options.authenticationCounts }),
    publicServices: new Set(publicServices.map(({ typeName }) => typeName)),
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

export interface RouterBuilderOptions extends HandlerOptions {
  /** What every call passes before its body is read. Absent where anybody may call. */
  readonly admit?: AdmissionStage;
  /** Full names of the services that anybody may call nevertheless. */
  readonly publicServices?: ReadonlySet<string>;
}

/** Collects methods with their implementations. */
export class RouterBuilder {
  readonly #options: RouterBuilderOptions;
  readonly #streamOptions: HandlerOptions;
  readonly #streamProtocols: ProtocolHandlerFactory[];
  readonly #restPaths: string[] = [];
  readonly #byPath = new Map<string, Route>();
  readonly #byTemplate: { readonly template: PathTemplate; readonly route: Route }[] = [];

  constructor(options: RouterBuilderOptions) {
    this.#options = options;
    this.#streamOptions = {
      ...options,
      jsonOptions: { ...options.jsonOptions, ...strictJson },
      interceptors: [settleStream, ...(options.streamInterceptors ?? []), ...options.interceptors],
    };
    this.#streamProtocols = [
      createGrpcHandlerFactory(this.#streamOptions),
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
      this.#addRoute(spec, createRpcRoute(spec, this.#options));
      for (const binding of readGetBindings(spec.method)) {
        const route = createRestRoute(spec, binding, this.#options);
        this.#addRestRoute(spec, binding.template, route);
      }
      return this;
    }
    const handler = createUniversalMethodHandler(spec, this.#streamProtocols);
    this.#addRoute(spec, createStreamRoute(handler));
    if (spec.kind === "server_streaming") {
      for (const binding of readGetBindings(spec.method)) {
        const route = createEventStreamRoute(spec, binding, this.#streamOptions);
        this.#addRestRoute(spec, binding.template, route);
      }
    }
    return this;
  }

  build(): Router {
    const find = (path: string) =>
      this.#byPath.get(path) ??
      this.#byTemplate.find(({ template }) => template.match(path) !== undefined)?.route;
    return Object.assign(find, { restPaths: [...this.#restPaths] });
  }

  #addRestRoute(spec: MethodImplSpec, template: PathTemplate, route: Route): void {
    this.#restPaths.push(route.path);
    if (template.isLiteral) {
      this.#addRoute(spec, route);
    } else {
      this.#byTemplate.push({ template, route: this.#guard(spec, route) });
    }
  }

  #addRoute(spec: MethodImplSpec, route: Route): void {
    this.#byPath.set(route.path, this.#guard(spec, route));
  }

  /** The one place that decides who needs no token. */
  #guard({ method: { parent } }: MethodImplSpec, route: Route): Route {
    const { admit, publicServices } = this.#options;
    return { ...route, admit: publicServices?.has(parent.typeName) ? undefined : admit };
  }
}
