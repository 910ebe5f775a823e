import type { DescService } from "@bufbuild/protobuf";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { findCallerKey } from "../authentication/caller-key.js";
import type { TokenVerifier } from "../authentication/token-verifier.js";
import { createAuthenticateStage } from "../call/authenticate-stage.js";
import { createAuthentication } from "../call/authentication.js";
import type { Call } from "../call/call.js";
import type { SharedStages } from "../call/pipeline.js";
import { restTokenParameters } from "../call/presented-token.js";
import { createPublicCallStage } from "../call/public-call-stage.js";
import { createQuotaStage } from "../call/quota-stage.js";
import type { StreamCalls } from "../call/stream-calls.js";
import { Health } from "../gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionV1Alpha } from "../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { IceService } from "../gen/ice/v1/ice_service_pb.js";
import type { Quotas } from "../limits/quota-pool.js";
import type { AuthenticationCounts } from "../observability/authentication-counts.js";
import { type Router, RouterBuilder } from "../protocols/router.js";
import type { Readiness } from "../readiness.js";
import type { IceServerLister } from "../turn/ice-server-lister.js";
import { createHealthService } from "./health-service.js";
import { createIceService, type IceServiceOptions } from "./ice-service.js";
import type { PublicCallLimits } from "./public-call-limits.js";
import { createReflectionServices } from "./reflection-service.js";
import { turnRestTokenParameters } from "./turn-rest/turn-rest-request.js";
import { createTurnRestRoute } from "./turn-rest/turn-rest-route.js";
import { createUserStages } from "./user-stages.js";

/** The largest request message in bytes. */
export const readMaxBytes = 64 * 1024;

export interface ServiceRouterOptions extends IceServiceOptions, SharedStageOptions {
  readonly lister: IceServerLister;
  readonly readiness: Readiness;
  readonly publicCallLimits: PublicCallLimits;
  readonly reflection: boolean;
  /** Where the streams that are open are kept. */
  readonly streams: StreamCalls;
}

export interface SharedStageOptions {
  readonly verifier: TokenVerifier;
  readonly queryToken: boolean;
  readonly quotas: Quotas;
  readonly authenticationCounts: AuthenticationCounts;
}

/** Every service over every protocol. Only health and reflection are public. */
export function createServiceRouter(options: ServiceRouterOptions): Router {
  const publicServices: DescService[] = [Health, ServerReflection, ServerReflectionV1Alpha];
  const stages = createSharedStages(options);
  const builder = new RouterBuilder({
    stages,
    codec: { acceptCompression: [compressionGzip, compressionBrotli], readMaxBytes },
    streams: options.streams,
  });
  const iceService = createIceService(options);
  const userStages = createUserStages(options.lister, options.quotas.user);
  const turnRestStages = createSharedStages(options, turnRestTokenParameters);
  builder.add(IceService, iceService, { ...stages, ...userStages });
  builder.addRoute(createTurnRestRoute(iceService, { ...turnRestStages, ...userStages }));
  const { health, reflection } = options.publicCallLimits;
  builder.add(Health, createHealthService(options.readiness), {
    admitPublic: createPublicCallStage(health),
  });
  if (options.reflection) {
    const { v1, v1alpha } = createReflectionServices([IceService, ...publicServices]);
    const admission = { admitPublic: createPublicCallStage(reflection) };
    builder.add(ServerReflection, v1, admission).add(ServerReflectionV1Alpha, v1alpha, admission);
  }
  return builder.build();
}

/** What a call of a method that is not public passes before its body is read. */
export function createSharedStages(
  {
    verifier,
    queryToken,
    quotas: { failedAuthentication, caller },
    authenticationCounts: counts,
  }: SharedStageOptions,
  tokenParameters = restTokenParameters,
): SharedStages {
  const authenticate = createAuthentication({
    verifier,
    counts,
    failedAuthentication,
    tokenParameters,
  });
  return {
    authenticate: createAuthenticateStage(authenticate, queryToken),
    ...(caller !== undefined && { limitCaller: createQuotaStage(caller, findCallPartition) }),
  };
}

/** A call without caller is not counted. */
function findCallPartition({ record: { caller } }: Call): string | undefined {
  return caller && findCallerKey(caller);
}
