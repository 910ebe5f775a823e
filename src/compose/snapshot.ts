import type { TokenVerifier } from "../authentication/token-verifier.js";
import type { TokenVerifiers } from "../authentication/token-verifiers.js";
import type { CallTracer } from "../call/call-tracer.js";
import type { StreamCalls } from "../call/stream-calls.js";
import type { Clock, StartTimer } from "../clock.js";
import type { Files } from "../files/files.js";
import { createRegionFinder, type FindRegion } from "../geolocation/region-finder.js";
import type { DownUrls } from "../health/down-urls.js";
import { createClientAddressFinder, createPeerTrust } from "../http/client-address.js";
import type { ExchangeListener } from "../http/http-exchange.js";
import { allowTokens } from "../http/http-limits.js";
import type { QuotaPool, Quotas } from "../limits/quota-pool.js";
import type { Log } from "../log.js";
import type { RequestLog } from "../observability/request-log.js";
import { createRequestSelection, type SelectRequest } from "../observability/request-selection.js";
import type { ServiceCounts } from "../observability/service-metrics.js";
import type { Readiness } from "../readiness.js";
import { openApiRoutes } from "../server/openapi-route.js";
import { createPageRoutes } from "../server/page-routes.js";
import { createRequestListener } from "../server/request-listener.js";
import type { Config } from "../service-config.js";
import type { PublicCallLimits } from "../services/public-call-limits.js";
import { createServiceRouter } from "../services/service-router.js";
import { createIceServerLister, type IceServerLister } from "../turn/ice-server-lister.js";
import { ManagedChoice } from "../turn/managed/managed-choice.js";
import type { ManagedStates } from "../turn/managed/managed-states.js";
import type { IceServerWatches } from "../watch/ice-server-watches.js";

/** What answers callers by one configuration, in our own server or in another one. */
export interface Issuance {
  readonly config: Config;
  readonly verifier: TokenVerifier;
  readonly quotas: Quotas;
  readonly lister: IceServerLister;
  readonly findRegion: FindRegion | undefined;
}

/** All that is made of one configuration. Never changed; a reload puts another in its place. */
export interface Snapshot extends Issuance {
  readonly selectRequest: SelectRequest | undefined;
  readonly listener: ExchangeListener;
}

/** What an issuance is built with, and what outlives it. */
export interface LastingIssuanceParts {
  readonly clock: Clock;
  readonly downUrls: DownUrls;
  readonly log: Log;
  /** Absent where nobody asks managed services: they are left out of answers. */
  readonly managedStates?: ManagedStates;
  readonly quotaPool: QuotaPool;
  readonly startTimer: StartTimer;
  readonly verifiers: TokenVerifiers;
}

/** What snapshots are built with, and what outlives them. */
export interface LastingParts extends LastingIssuanceParts {
  readonly requestLog: RequestLog;
  readonly tracer: CallTracer | undefined;
  readonly counts: ServiceCounts;
  readonly publicCallLimits: PublicCallLimits;
  /** A number from 0 to 1, as Math.random makes it. */
  readonly random: () => number;
  /** The files of the diagnostic page. */
  readonly pageDirectory: URL;
  readonly readiness: Readiness;
  readonly streams: StreamCalls;
  readonly watches: IceServerWatches;
}

/**
 * Builds what answers callers.
 * @param files where the files that the configuration names are read from
 * @throws ConfigError when one of them cannot be used
 */
export function buildIssuance(config: Config, files: Files, parts: LastingIssuanceParts): Issuance {
  const { clock, downUrls, log, managedStates: states, startTimer } = parts;
  const { auth, ice, limits, listen } = config;
  const verifier = parts.verifiers.open(auth, files, {
    toleratesExpiry: !ice.servers.life.capAtTokenExpiry,
  });
  const quotas = parts.quotaPool.open(limits);
  const isUp = ice.turn?.probe && downUrls.isUp;
  const { servers } = ice;
  const managed =
    servers.managed &&
    states &&
    new ManagedChoice(servers.managed, { states, clock, startTimer, log, isUp });
  const lister = createIceServerLister(servers, clock, isUp, managed);
  const findRegion = createRegionFinder(ice.turn?.regionFrom, {
    files,
    isTrustedProxy: createPeerTrust(listen.trustedProxies),
  });
  return { config, verifier, quotas, lister, findRegion };
}

/**
 * Builds all that is made of a configuration.
 * @param files where the files that the configuration names are read from
 * @throws ConfigError when one of them cannot be used
 */
export function buildSnapshot(config: Config, files: Files, parts: LastingParts): Snapshot {
  const { counts, readiness } = parts;
  const issuance = buildIssuance(config, files, parts);
  const { verifier, quotas, lister, findRegion } = issuance;
  const { auth, listen } = config;
  const router = createServiceRouter({
    verifier,
    quotas,
    queryToken: auth.queryToken,
    authenticationCounts: counts.authentication,
    credentialCounts: counts.credentials,
    lister,
    findRegion,
    watches: parts.watches,
    readiness,
    publicCallLimits: parts.publicCallLimits,
    reflection: config.reflection,
    streams: parts.streams,
  });
  const selectRequest = createRequestSelection(config.log, parts.random);
  const listener = createRequestListener({
    router,
    readiness,
    allowedOrigins: config.cors.allowedOrigins,
    requestLog: parts.requestLog,
    selectRequest,
    requestCounts: counts.requests,
    furtherRoutes: [
      ...(config.reflection ? openApiRoutes : []),
      ...(config.diagnostics ? createPageRoutes(parts.pageDirectory) : []),
    ],
    findClientAddress: createClientAddressFinder(listen),
    maxHeaderBytes: allowTokens(auth.maxTokenBytes).maxHeaderBytes,
    tracer: parts.tracer,
  });
  return { ...issuance, selectRequest, listener };
}

/**
 * The snapshot that serves. Parts that a snapshot is built from hold this, and read it when there is a
 * call, a timer, or a new key: by then the first snapshot is in place.
 */
export class CurrentSnapshot<S extends Issuance> {
  #snapshot: S | undefined;

  /** A call reads it once, and keeps what it has read. */
  get value(): S {
    if (this.#snapshot === undefined) {
      throw new Error("the first snapshot is not built yet");
    }
    return this.#snapshot;
  }

  replace(snapshot: S): void {
    this.#snapshot = snapshot;
  }
}
