import { randomBytes } from "node:crypto";
import { monotonicClock, type StartTimer, systemClock } from "../clock.js";
import { HealthMonitor } from "../health/health-monitor.js";
import { type HealthReport, listRejected } from "../health/health-report.js";
import type { ProbeUrl } from "../health/probe-url.js";
import type { IceConfig } from "../ice-config.js";
import type { Logger } from "../observability/logger.js";
import type { Metric } from "../observability/metric.js";
import { createOutgoingHttp } from "../outgoing/outgoing-http.js";
import { ManagedProvider } from "../turn/managed/managed-provider.js";
import { ManagedRenewals } from "../turn/managed/renewal/managed-renewals.js";
import type { Findings } from "./findings.js";

/** Asks managed TURN providers for credentials, and probes their servers with the configured ones. */
export class ServerSupervision {
  readonly #findings: Findings;
  readonly #monitor: HealthMonitor;
  readonly #renewals: ManagedRenewals;
  readonly #outgoing = createOutgoingHttp(process.env);
  #managed: readonly ManagedProvider[] = [];
  #probedUrls = "";

  constructor(findings: Findings, log: Logger, startTimer: StartTimer) {
    this.#findings = findings;
    const shared = { clock: systemClock, startTimer, random: Math.random, log };
    this.#monitor = new HealthMonitor({
      ...shared,
      now: monotonicClock,
      probeUrl: loadAtFirstProbe(),
      onChange: (urls) => findings.downUrls.set(urls),
    });
    this.#renewals = new ManagedRenewals(findings.managedStates, {
      ...shared,
      outgoing: this.#outgoing,
      isRejected: (provider) => listRejected(this.report).includes(provider),
    });
    findings.managedStates.onChange(() => this.#probeOthers());
  }

  /** Does so by this configuration from now on. */
  configure({ servers, turn }: IceConfig): void {
    const services = servers.managed?.services ?? [];
    const { managedStates } = this.#findings;
    this.#managed = services.map((each) => new ManagedProvider(each, managedStates, systemClock));
    this.#renewals.use(services);
    this.#probedUrls = this.#nameManagedUrls();
    this.#monitor.configure(servers, turn?.probe, this.#managed);
  }

  stop(): void {
    this.#renewals.stop();
    this.#monitor.stop();
    this.#outgoing.close();
  }

  get report(): HealthReport {
    return this.#monitor.report;
  }

  describe(): readonly Metric[] {
    return [...this.#monitor.describe(), ...this.#renewals.describe()];
  }

  /** A provider has begun to list other URLs, or has none any more. */
  #probeOthers(): void {
    const urls = this.#nameManagedUrls();
    if (this.#probedUrls !== urls) {
      this.#probedUrls = urls;
      this.#monitor.followManaged();
    }
  }

  #nameManagedUrls(): string {
    return JSON.stringify(this.#managed.map(({ urls }) => urls.map(({ text }) => text)));
  }
}

/** A process without probes does without their code. */
function loadAtFirstProbe(): ProbeUrl {
  let probeUrl: ProbeUrl | undefined;
  return async (target, options) => {
    const { createProbeUrl } = await import("../health/probe-url.js");
    probeUrl ??= createProbeUrl(systemClock, monotonicClock, randomBytes);
    return probeUrl(target, options);
  };
}
