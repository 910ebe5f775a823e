import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectorTokenEntry } from "./authentication/connector/connector-token.js";
import { listTokenKinds } from "./authentication/token-kinds.js";
import type { TokenVerifier } from "./authentication/token-verifier.js";
import { TokenVerifiers } from "./authentication/token-verifiers.js";
import type { CallTracer } from "./call/call-tracer.js";
import { ServerStoppingError } from "./call/error-fault.js";
import { StreamCalls } from "./call/stream-calls.js";
import { type Clock, monotonicClock, type StartTimer, systemTimer } from "./clock.js";
import type { Files } from "./files/files.js";
import { createRegionFinder } from "./geolocation/region-finder.js";
import { openHealthMonitor } from "./health/open-health-monitor.js";
import { createClientAddressFinder, createPeerTrust } from "./http/client-address.js";
import { endNothing, Guard } from "./http/guard.js";
import type { ExchangeListener } from "./http/http-exchange.js";
import { httpLimits } from "./http/http-limits.js";
import { QuotaPool, type Quotas } from "./limits/quota-pool.js";
import type { Logger } from "./observability/logger.js";
import type { Metric } from "./observability/metric.js";
import type { ReloadCounts } from "./observability/reload-counts.js";
import type { RequestLog } from "./observability/request-log.js";
import { describeBuild, describeService, ServiceCounts } from "./observability/service-metrics.js";
import { Readiness } from "./readiness.js";
import { openAdmin } from "./server/admin-listener.js";
import { createBrokenSessionListener } from "./server/broken-session.js";
import { ConnectionRefusals } from "./server/connection-refusals.js";
import { FailedHandshakes } from "./server/failed-handshakes.js";
import { createMalformedRequestListener } from "./server/malformed-request.js";
import { OpenFiles } from "./server/open-files.js";
import { createPageRoutes } from "./server/page-routes.js";
import { openPort, type PortListener } from "./server/port-listener.js";
import { createRequestListener } from "./server/request-listener.js";
import type { Config } from "./service-config.js";
import { findRestartKeys } from "./service-config.js";
import { createPublicCallLimits } from "./services/public-call-limits.js";
import { createServiceRouter } from "./services/service-router.js";
import { createIceServerLister, type IceServerLister } from "./turn/ice-server-lister.js";
import { IceServerWatches } from "./watch/ice-server-watches.js";

/** Beside this file and beside the bundle. */
const pageDirectory = new URL("../page/", import.meta.url);

/** What stands around the configuration; tests put their own in. */
export interface Surroundings {
  readonly clock: Clock;
  readonly log: Logger;
  readonly requestLog: RequestLog;
  /** What has become of the log's lines. */
  readonly describeLog?: () => Metric[];
  /** Absent where another process reloads the configuration, and tells how that went. */
  readonly reloadCounts?: ReloadCounts;
  /** Whether the configured servers are probed here. Else another process does, and tells. */
  readonly probesServers?: boolean;
  /** Connector tokens beside those of the file, such as the one of `--dev`. */
  readonly connectorTokens?: readonly ConnectorTokenEntry[];
  /** Where connections come from another process: see `CloseOptions` of the port. */
  readonly stopDealing?: () => Promise<void>;
  /** Where calls are traced. Closed when the service stops. */
  readonly tracer?: CallTracer | undefined;
}

/** A service that takes calls. */
export interface RunningService {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where metrics are served, if they are. */
  readonly adminUrl: string | undefined;
  /**
   * Settles when the service wants calls: the keys of all issuers have been asked for once, and it
   * is known whether the shared counter of limits is there.
   */
  readonly ready: Promise<void>;
  /**
   * Serves by another configuration from the next request on. Nothing is dropped: a call is
   * finished by the configuration that it began with.
   *
   * @returns the keys whose change needs a restart
   * @throws ConfigError when it cannot be used; nothing is changed then
   */
  reload(config: Config, files: Files): readonly string[];
  /** Leaves these URLs out of answers from the next request on, where the servers are probed. */
  setDownUrls(urls: readonly string[]): void;
  /** What this process has counted, and how it stands. */
  readMetrics(): Promise<Metric[]>;
  /**
   * Not ready and HTTP/2 clients told to leave; after the delay, no new connections; at the time-out,
   * an end to streams that are still open, and a second later to everything else.
   */
  stop(): Promise<void>;
}

/** How long after the time-out the streams that it ends get to tell their clients. */
const farewellMs = 1000;
/** How long a scrape may take that has come as the service ends. */
const adminTimeoutMs = 500;
/** What the last spans get to be sent, even when the calls have taken all of the time-out. */
const minSendMs = 1000;

/** All that is made of one configuration. Never changed; a reload puts another in its place. */
interface Snapshot {
  readonly config: Config;
  readonly verifier: TokenVerifier;
  readonly quotas: Quotas;
  readonly lister: IceServerLister;
  readonly listener: ExchangeListener;
}

/**
 * Builds the service from its configuration and opens its port. The one place where the parts meet.
 *
 * @param files where the files that the configuration names are read from
 * @throws ConfigError when one of them, or the address, cannot be used
 */
export async function startService(
  firstConfig: Config,
  firstFiles: Files,
  surroundings: Surroundings,
): Promise<RunningService> {
  const { clock, log, requestLog, reloadCounts, probesServers, connectorTokens, tracer } =
    surroundings;
  const { stopDealing } = surroundings;
  const readiness = new Readiness();
  const tokenKinds = listTokenKinds(connectorTokens);
  const counts = new ServiceCounts(tokenKinds);
  const guard = new Guard(log);
  const streams = new StreamCalls();
  const startTimer: StartTimer = (callback, delayMs) =>
    systemTimer(guard.wrap(callback, endNothing), delayMs);
  const quotaPool = new QuotaPool({ clock, log, monotonicClock, startTimer });
  const watches = new IceServerWatches({
    clock,
    startTimer,
    random: Math.random,
    log,
    readSnapshot: () => current,
  });
  const onKeyChange = () => {
    current.verifier.forget();
    watches.listsChanged();
  };
  const verifiers = new TokenVerifiers(tokenKinds, { clock, log, onChange: onKeyChange });

  const publicCallLimits = createPublicCallLimits(() => current.config.limits.healthWatches);

  let downUrls: ReadonlySet<string> = new Set();
  const isUp = (url: string) => !downUrls.has(url);
  const setDownUrls = (urls: readonly string[]) => {
    downUrls = new Set(urls);
    watches.listsChanged();
  };
  const monitor = probesServers ? openHealthMonitor(clock, log, setDownUrls) : undefined;

  function build(config: Config, files: Files): Snapshot {
    const verifier = verifiers.open(config.auth, files);
    const quotas = quotaPool.open(config.limits);
    const lister = createIceServerLister(config.ice, clock, config.ice.probe && isUp);
    const router = createServiceRouter({
      verifier,
      quotas,
      queryToken: config.auth.queryToken,
      authenticationCounts: counts.authentication,
      credentialCounts: counts.credentials,
      lister,
      findRegion: createRegionFinder(config.ice.regionFrom, {
        files,
        isTrustedProxy: createPeerTrust(config.listen.trustedProxies),
      }),
      watches,
      readiness,
      publicCallLimits,
      reflection: config.reflection,
      streams,
    });
    const listener = createRequestListener({
      router,
      readiness,
      allowedOrigins: config.cors.allowedOrigins,
      requestLog,
      requestCounts: counts.requests,
      ...(config.diagnostics && { pageRoutes: createPageRoutes(pageDirectory) }),
      findClientAddress: createClientAddressFinder(config.listen),
      tracer,
    });
    return { config, verifier, quotas, lister, listener };
  }

  let current = build(firstConfig, firstFiles);
  const openFiles = new OpenFiles();
  const refusals = new ConnectionRefusals(log, guard);
  const failedHandshakes = new FailedHandshakes(log, guard);
  const port = await openPort(firstConfig.listen, {
    files: firstFiles,
    limits: httpLimits,
    guard,
    listener: (exchange) => current.listener(exchange),
    malformedRequestListener: createMalformedRequestListener(log, counts.requests),
    brokenSessionListener: createBrokenSessionListener(log),
    gate: { listener: "main", openFiles, refusals, failedHandshakes },
  });
  const readMetrics = async () => {
    // Loaded by the first who asks: a process that nobody watches does without.
    const { readNodeMetrics } = await import("./observability/prometheus.js");
    return [
      ...describeBuild(),
      ...describeService(counts, { openConnections: port.openConnections }),
      ...verifiers.describe(),
      ...guard.describe(),
      ...(surroundings.describeLog?.() ?? []),
      ...refusals.describe(),
      ...(reloadCounts?.describe() ?? []),
      ...(monitor?.describe() ?? []),
      ...(await readNodeMetrics()),
    ];
  };
  let admin: PortListener | undefined;
  try {
    admin = await openAdmin(firstConfig.admin, {
      files: firstFiles,
      log,
      guard,
      gate: { listener: "admin", openFiles, refusals },
      readiness,
      readMetrics: async () => [await readMetrics()],
      readHealth: () => monitor?.report,
    });
  } catch (error) {
    await port.close({ timeoutMs: 0 });
    throw error;
  }
  quotaPool.use(current.quotas);
  monitor?.configure(firstConfig.ice);
  const ready = Promise.all([current.verifier.load(), quotaPool.settle()]).then(() => {
    if (readiness.state === "starting") {
      readiness.set("serving");
    }
  });
  return {
    url: port.url,
    adminUrl: admin?.url,
    ready,
    reload(config, files) {
      try {
        const next = build(config, files);
        const updatePort = port.prepare(config.listen, files);
        updatePort();
        log.level = config.log.level;
        current = next;
        watches.listsChanged();
      } finally {
        verifiers.keep(current.verifier);
        quotaPool.use(current.quotas);
      }
      monitor?.configure(config.ice);
      void current.verifier.load();
      return findRestartKeys(firstConfig, config);
    },
    setDownUrls,
    readMetrics,
    async stop() {
      const { delaySeconds, timeoutSeconds } = current.config.shutdown;
      readiness.set("draining");
      port.drain();
      admin?.drain();
      monitor?.stop();
      await sleep(delaySeconds * 1000);
      const timeoutMs = timeoutSeconds * 1000;
      const endsAtMs = performance.now() + timeoutMs;
      const endStreams = setTimeout(() => streams.endAll(new ServerStoppingError()), timeoutMs);
      await port.close({ timeoutMs: timeoutMs + farewellMs, stopDealing });
      clearTimeout(endStreams);
      await admin?.close({ timeoutMs: adminTimeoutMs });
      refusals.flush();
      failedHandshakes.flush();
      verifiers.keep();
      quotaPool.use({});
      await tracer?.close(Math.max(minSendMs, endsAtMs - performance.now()));
    },
  };
}
