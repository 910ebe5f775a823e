import type { ConnectorTokenEntry } from "./authentication/connector/connector-token.js";
import { listTokenKinds } from "./authentication/token-kinds.js";
import { TokenVerifiers } from "./authentication/token-verifiers.js";
import type { CallTracer } from "./call/call-tracer.js";
import { StreamEndedError } from "./call/error-fault.js";
import { StreamCalls } from "./call/stream-calls.js";
import { type Clock, monotonicClock } from "./clock.js";
import { describeFingerprints } from "./compose/fingerprints.js";
import type { ProcessParts } from "./compose/process-parts.js";
import { stopService } from "./compose/service-stop.js";
import {
  buildSnapshot,
  CurrentSnapshot,
  type LastingParts,
  type Snapshot,
} from "./compose/snapshot.js";
import type { Files } from "./files/files.js";
import type { DownUrls } from "./health/down-urls.js";
import { allowTokens } from "./http/http-limits.js";
import { QuotaPool } from "./limits/quota-pool.js";
import { describeService, ServiceCounts } from "./observability/service-metrics.js";
import type { OutgoingHttp } from "./outgoing/outgoing-http.js";
import { Readiness } from "./readiness.js";
import { FailedHandshakes } from "./server/failed-handshakes.js";
import { createBrokenSessionListener } from "./server/http2-side.js";
import { createMalformedRequestListener } from "./server/malformed-request.js";
import { openPort } from "./server/port-listener.js";
import type { Config } from "./service-config.js";
import { createPublicCallLimits } from "./services/public-call-limits.js";
import type { ManagedStates } from "./turn/managed/managed-states.js";
import { IceServerWatches } from "./watch/ice-server-watches.js";

/** Beside this file and beside the bundle. */
const pageDirectory = new URL("../page/", import.meta.url);

/** What stands around the configuration; tests put their own in. */
export interface Surroundings extends ProcessParts {
  readonly clock: Clock;
  /** What is left out of answers, where the configuration asks for probes. */
  readonly downUrls: DownUrls;
  /** How the service sends requests of its own. Closed when it stops. */
  readonly outgoing: OutgoingHttp;
  /** What managed TURN providers have given. */
  readonly managedStates: ManagedStates;
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
  /**
   * Settles when the service wants calls: the keys of all issuers have been asked for once, and it
   * is known whether the shared counter of limits responds.
   */
  readonly ready: Promise<void>;
  /**
   * Serves by another configuration from the next request on. Nothing is dropped: a call is
   * finished by the configuration that it began with.
   *
   * @throws ConfigError when it cannot be used; nothing is changed then
   */
  reload(config: Config, files: Files): void;
  /** Stops gracefully, in the time that the configuration gives. */
  stop(): Promise<void>;
}

/**
 * Builds the service from its configuration and opens its port. The one place where the parts meet.
 *
 * @param files where the files that the configuration names are read from
 * @throws ConfigError when one of them, or the address, cannot be used
 */
export async function startService(
  config: Config,
  files: Files,
  surroundings: Surroundings,
): Promise<RunningService> {
  const { clock, connectorTokens, downUrls, guard, log, managedStates, metrics } = surroundings;
  const { openFiles, outgoing, refusals, requestLog, stopDealing, tracer } = surroundings;
  const { startTimer } = guard;

  const current = new CurrentSnapshot<Snapshot>();
  const readSnapshot = () => current.value;
  const readiness = new Readiness();
  const tokenKinds = listTokenKinds(connectorTokens);
  const counts = new ServiceCounts(tokenKinds);
  const streams = new StreamCalls(startTimer);
  const failedHandshakes = new FailedHandshakes(log, guard);
  const quotaPool = new QuotaPool({ clock, log, monotonicClock, startTimer });
  const publicCallLimits = createPublicCallLimits(() => current.value.config.limits.healthWatches);
  const { random } = Math;
  const watches = new IceServerWatches({ clock, startTimer, random, log, readSnapshot });
  const onChange = () => {
    current.value.verifier.forget();
    watches.listsChanged();
  };
  const verifiers = new TokenVerifiers(tokenKinds, {
    ...{ clock, monotonicClock, startTimer, log, outgoing, onChange },
  });
  downUrls.onChange(() => watches.listsChanged());
  managedStates.onChange(() => watches.listsChanged());

  const lasting: LastingParts = {
    ...{ clock, counts, downUrls, log, managedStates, pageDirectory, publicCallLimits, quotaPool },
    ...{ random, readiness, requestLog, startTimer, streams, tracer, verifiers, watches },
  };
  current.replace(buildSnapshot(config, files, lasting));
  const onAged = (connection: object) => {
    const { timeoutSeconds } = current.value.config.shutdown;
    const reason = new StreamEndedError("the connection has reached its maximum age");
    streams.retire(connection, reason, timeoutSeconds * 1000);
  };
  const port = await openPort(config.listen, {
    files,
    limits: allowTokens(config.auth.maxTokenBytes),
    guard,
    listener: (exchange) => current.value.listener(exchange),
    malformedRequestListener: createMalformedRequestListener(
      log,
      counts.requests,
      () => current.value.selectRequest,
    ),
    brokenSessionListener: createBrokenSessionListener(log),
    aging: { clock: monotonicClock, startTimer, random, onAged },
    gate: { listener: "main", openFiles, refusals, failedHandshakes },
  });
  metrics.add(() => describeService(counts, port));
  metrics.add(() => verifiers.describe());
  metrics.add(() => current.value.verifier.describe());
  metrics.add(() => quotaPool.describe());
  metrics.add(() => describeFingerprints(current.value.config));
  quotaPool.use(current.value.quotas);
  const ready = Promise.all([current.value.verifier.load(), quotaPool.settle()]).then(() => {
    if (readiness.state === "starting") {
      readiness.set("serving");
    }
  });
  return {
    url: port.url,
    ready,
    reload(nextConfig, nextFiles) {
      try {
        const next = buildSnapshot(nextConfig, nextFiles, lasting);
        const updatePort = port.prepare(nextConfig.listen, nextFiles);
        updatePort();
        current.replace(next);
        watches.listsChanged();
      } finally {
        verifiers.keep(current.value.verifier);
        quotaPool.use(current.value.quotas);
      }
      void current.value.verifier.load();
    },
    stop: () =>
      stopService(current.value.config.shutdown, {
        ...{ failedHandshakes, outgoing, port, quotaPool, readiness, refusals },
        ...{ stopDealing, streams, tracer, verifiers },
      }),
  };
}
