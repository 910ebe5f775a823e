import type { ConnectRouter, Interceptor, ServiceImpl } from "@connectrpc/connect";
import { findCallerKey } from "./authentication/caller-key.js";
import { listTokenKinds } from "./authentication/token-kinds.js";
import { TokenVerifiers } from "./authentication/token-verifiers.js";
import { createAuthenticate } from "./call/auth-interceptor.js";
import { requireCaller } from "./call/authentication.js";
import { callRecordKey } from "./call/call-record.js";
import { translateError } from "./call/translate-error.js";
import { monotonicClock, systemClock } from "./clock.js";
import { buildIssuance, CurrentSnapshot, type Issuance } from "./compose/snapshot.js";
import type { Environment } from "./config/place.js";
import { DiskFiles } from "./files/disk-files.js";
import { IceService } from "./gen/ice/v1/ice_service_pb.js";
import { DownUrls } from "./health/down-urls.js";
import { Guard } from "./http/guard.js";
import { QuotaExceededError } from "./limits/quota-exceeded-error.js";
import { QuotaPool } from "./limits/quota-pool.js";
import type { Log } from "./log.js";
import { ServiceCounts } from "./observability/service-metrics.js";
import { createOutgoingHttp } from "./outgoing/outgoing-http.js";
import { type Config, loadConfig } from "./service-config.js";
import { createIceService as createImplementation } from "./services/ice-service.js";
import { IceServerWatches } from "./watch/ice-server-watches.js";

export { ConfigError } from "./errors.js";
export type { Log } from "./log.js";
export { IceService };

export interface IceServiceOptions {
  /** The configuration file. Keys about listeners, CORS, the admin listener, and the log have no effect. */
  readonly configFile?: string;
  /** `ICE_*` variables, and `HTTPS_PROXY` and `NO_PROXY`. Nothing of `process.env` is used otherwise. */
  readonly env?: Environment;
  /** Where warnings and watches are logged, such as a pino logger. Nowhere by default. */
  readonly log?: Log;
}

/** IceService for a router of Connect. */
export interface MountedIceService {
  /** Adds IceService with its authentication. Other services of the router stay as they are. */
  readonly routes: (router: ConnectRouter) => void;
  /** What `routes` adds, for an own arrangement of both. */
  readonly implementation: ServiceImpl<typeof IceService>;
  /**
   * Requires a token for every call that it sees, applies `limits.caller`, and turns what the
   * implementation throws into a ConnectError. The implementation does not work without it.
   */
  readonly authenticate: Interceptor;
  /** Settles when the keys of all issuers have been fetched once, or could not be. */
  readonly ready: Promise<void>;
  /**
   * Reads the configuration again. Calls and watches go on by the new one.
   * @throws ConfigError when it cannot be used; nothing is changed then
   */
  reload(): void;
  /** Closes connections to issuers and to Redis. Call it after the server has closed. */
  close(): void;
}

const silent: Log = { info() {}, warn() {} };

/**
 * Makes IceService to be mounted in a server of yours, beside other services. It installs no signal
 * handlers and no process-wide state. What belongs to our own server is missing: REST, TURN REST,
 * metrics, probes, managed TURN, limits by client address or user, and reading the body after authentication.
 *
 * @throws ConfigError with everything that is wrong with the configuration
 */
export function createIceService({
  configFile,
  env = {},
  log = silent,
}: IceServiceOptions = {}): MountedIceService {
  const guard = new Guard({ error: (fields, message) => log.warn(fields, message) });
  const { startTimer } = guard;
  const clock = systemClock;
  const outgoing = createOutgoingHttp(env);
  const tokenKinds = listTokenKinds();
  const counts = new ServiceCounts(tokenKinds);
  const current = new CurrentSnapshot<Issuance>();
  const watches = new IceServerWatches({
    ...{ clock, startTimer, log, random: Math.random },
    readSnapshot: () => current.value,
  });
  const onChange = () => {
    current.value.verifier.forget();
    watches.listsChanged();
  };
  const verifiers = new TokenVerifiers(tokenKinds, {
    ...{ clock, monotonicClock, startTimer, log, outgoing, onChange },
  });
  const quotaPool = new QuotaPool({ clock, log, monotonicClock, startTimer });
  const downUrls = new DownUrls();

  function load(): void {
    const files = new DiskFiles();
    const { config, warnings } = loadConfig({ file: configFile, env, files });
    current.replace(
      buildIssuance(config, files, { clock, downUrls, log, quotaPool, startTimer, verifiers }),
    );
    for (const warning of [...warnings, ...listIdleKeys(config)]) {
      log.warn({}, warning);
    }
  }

  /** Also after a failure: what was opened until then is not used. */
  function keepUsed(): void {
    verifiers.keep(current.value.verifier);
    quotaPool.use(current.value.quotas);
  }

  load();
  keepUsed();
  const parts = () => createParts(current.value, counts, watches);
  let { implementation, authenticate } = parts();
  const service: Omit<MountedIceService, "routes"> = {
    implementation: {
      getIceServers: (request, context) => implementation.getIceServers(request, context),
      watchIceServers: (request, context) =>
        endWithClient(implementation.watchIceServers(request, context), context.signal),
    },
    authenticate: (next) => (request) => authenticate(next)(request),
    ready: Promise.all([current.value.verifier.load(), quotaPool.settle()]).then(() => {}),
    reload() {
      try {
        load();
      } finally {
        keepUsed();
      }
      ({ implementation, authenticate } = parts());
      watches.listsChanged();
      void current.value.verifier.load();
    },
    close() {
      verifiers.keep();
      quotaPool.use({});
      outgoing.close();
    },
  };
  return {
    ...service,
    routes: (router) =>
      void router.service(IceService, service.implementation, {
        interceptors: [service.authenticate],
      }),
  };
}

/** What is configured and has no effect here, as a limit must not be missing in silence. */
function listIdleKeys({ ice, limits }: Config): string[] {
  const keys = {
    "limits.failedAuthentication": limits.failedAuthentication,
    "limits.user": limits.user,
    "ice.turn.managed": ice.servers.managed,
    "ice.turn.probe": ice.turn?.probe,
  };
  return Object.entries(keys)
    .filter(([, value]) => value !== undefined)
    .map(([key]) => `${key} has no effect in a service that is mounted in another server`);
}

function createParts(
  { verifier, quotas, lister, findRegion }: Issuance,
  counts: ServiceCounts,
  watches: IceServerWatches,
): Pick<MountedIceService, "implementation" | "authenticate"> {
  const verify = createAuthenticate({
    verifier,
    counts: counts.authentication,
    failedAuthentication: undefined,
    publicServices: new Set(),
  });
  const limitAndTranslate: Interceptor = (next) => async (request) => {
    const { contextValues } = request;
    const translate = (error: unknown) => translateError(error, contextValues.get(callRecordKey));
    try {
      const key = findCallerKey(requireCaller(contextValues));
      const standing = await quotas.caller?.take(key);
      if (quotas.caller !== undefined && standing?.isExceeded) {
        throw new QuotaExceededError(quotas.caller.policy.name, standing.resetsInSeconds);
      }
      const response = await next(request);
      return response.stream
        ? { ...response, message: translateThrown(response.message, translate) }
        : response;
    } catch (error) {
      throw translate(error);
    }
  };
  return {
    implementation: createImplementation({
      ...{ lister, findRegion, watches },
      credentialCounts: counts.credentials,
    }),
    authenticate: (next) => verify(limitAndTranslate(next)),
  };
}

/** Connect itself notices only at the next message that the client has left. */
function endWithClient<T>(messages: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  const iterator = messages[Symbol.asyncIterator]();
  signal.addEventListener("abort", () => void iterator.return?.(), { once: true });
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* translateThrown<T>(
  messages: AsyncIterable<T>,
  translate: (error: unknown) => Error,
): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw translate(error);
  }
}
