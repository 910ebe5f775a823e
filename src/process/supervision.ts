import { systemClock } from "../clock.js";
import type { ProcessParts } from "../compose/process-parts.js";
import type { Files } from "../files/files.js";
import type { IceConfig } from "../ice-config.js";
import { ReloadCounts } from "../observability/reload-counts.js";
import { Readiness } from "../readiness.js";
import { openAdmin } from "../server/admin-listener.js";
import type { Config } from "../service-config.js";
import { Findings } from "./findings.js";
import { ServerSupervision } from "./server-supervision.js";

/** How long a scrape may take that has come as the service ends. */
const adminTimeoutMs = 500;

/**
 * What the process that the operator has started does beside answering calls: it probes the servers,
 * counts reloads, and answers operators.
 */
export interface Supervision {
  /** Where metrics are served, if they are. */
  readonly adminUrl: string | undefined;
  readonly findings: Findings;
  readonly reloadCounts: ReloadCounts;
  /** Asks the managed TURN providers of this configuration, and probes its servers, from now on. */
  configure(ice: IceConfig): void;
  /** Informs operators that the service takes calls. */
  setReady(): void;
  /** Ends all of this, and informs operators that the service stops. */
  drain(): void;
  /** Closes the listener for operators. */
  close(): Promise<void>;
}

/**
 * Opens the listener for operators, where there is to be one. Nothing is probed before
 * {@link Supervision.configure}.
 * @throws ConfigError when the address cannot be used
 */
export async function openSupervision(
  config: Config,
  files: Files,
  { log, guard, openFiles, refusals, metrics }: ProcessParts,
): Promise<Supervision> {
  const findings = new Findings();
  const readiness = new Readiness();
  const reloadCounts = new ReloadCounts(systemClock);
  const servers = new ServerSupervision(findings, log, guard.startTimer);
  metrics.add(() => reloadCounts.describe());
  metrics.add(() => servers.describe());
  const admin = await openAdmin(config.admin, {
    files,
    log,
    guard,
    gate: { listener: "admin", openFiles, refusals },
    readiness,
    readMetrics: () => metrics.readAll(),
    readHealth: () => servers.report,
  });
  return {
    adminUrl: admin?.url,
    findings,
    reloadCounts,
    configure: (ice) => servers.configure(ice),
    setReady: () => readiness.set("serving"),
    drain() {
      servers.stop();
      readiness.set("draining");
      admin?.drain();
    },
    async close() {
      await admin?.close({ timeoutMs: adminTimeoutMs });
      refusals.flush();
    },
  };
}
