import type { Clock, StartTimer } from "../clock.js";
import type { Metric } from "../observability/metric.js";
import { canProbe } from "../probe/server-address.js";
import type { IceServerSettings } from "../turn/ice-server-settings.js";
import type { ManagedProvider } from "../turn/managed/managed-provider.js";
import { listUrlGroups, type UrlGroup } from "../turn/url-group.js";
import { findGroupStates, type GroupState } from "./group-state.js";
import { HealthCounts } from "./health-counts.js";
import { type HealthLog, logGroupChange, logUrlChange } from "./health-log.js";
import { describeHealth, type HealthReport } from "./health-report.js";
import type { ProbeConfig } from "./probe-config.js";
import { ProbeSchedule } from "./probe-schedule.js";
import { listTargets, listUnprobed, type ProbeTarget } from "./probe-target.js";
import type { ProbeUrl } from "./probe-url.js";
import { UrlHealth } from "./url-health.js";

export interface HealthMonitorOptions {
  readonly probeUrl: ProbeUrl;
  readonly clock: Clock;
  readonly startTimer: StartTimer;
  /** A number from 0 to 1, as Math.random makes it. */
  readonly random: () => number;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
  readonly log: HealthLog;
  /** Called with the keys of the URLs that are down, whenever they change. */
  readonly onChange: (downUrls: readonly string[]) => void;
}

/** Whose URLs are probed. */
interface Followed {
  readonly servers: IceServerSettings;
  readonly managed: readonly ManagedProvider[];
}

/** Probes the configured URLs for as long as they are configured, and reports which are down. */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #counts = new HealthCounts();
  #schedule: ProbeSchedule | undefined;
  #followed: Followed | undefined;
  #groups: readonly UrlGroup[] = [];
  #unprobed: ReadonlyMap<string, readonly string[]> = new Map();
  /** By key, in configured order. */
  #health: ReadonlyMap<string, UrlHealth> = new Map();
  #downUrls: readonly string[] = [];
  /** What was said of the groups last; by kind and region, which outlive a reload. */
  #saidOfGroups: ReadonlyMap<string, GroupState> = new Map();

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
  }

  /**
   * Probes by this configuration from now on, beginning at once. URLs that were there before keep
   * their state. Without settings nothing is probed, and nothing is down.
   *
   * @param managed whose URLs are probed too; see {@link followManaged}
   */
  configure(
    servers: IceServerSettings,
    settings: ProbeConfig | undefined,
    managed: readonly ManagedProvider[] = [],
  ): void {
    this.#schedule?.end();
    this.#schedule = undefined;
    this.#followed = settings && { servers, managed };
    const targets = this.#listTargets();
    if (settings !== undefined) {
      this.#schedule = new ProbeSchedule({
        ...this.#options,
        targets,
        intervalMs: settings.intervalSeconds * 1000,
        concurrency: settings.concurrency,
        probe: (target, signal) => this.#probe(target, settings, signal),
      });
    }
  }

  /**
   * To be called when the URLs of managed providers have changed. The probes of other URLs go on as
   * they are: no provider can hold them up.
   */
  followManaged(): void {
    this.#schedule?.replaceTargets(this.#listTargets());
  }

  /** Nothing is probed any more; what is known stays. */
  stop(): void {
    this.#schedule?.end();
    this.#schedule = undefined;
  }

  /** Lists what there is to probe now, and begins or ends to know about it. */
  #listTargets(): readonly ProbeTarget[] {
    const { servers, managed } = this.#followed ?? {};
    this.#groups = servers === undefined ? [] : listUrlGroups(servers.regions, managed);
    const targets = listTargets(this.#groups, servers?.life.ttlSeconds ?? 0);
    this.#unprobed = listUnprobed(this.#groups);
    const before = this.#health;
    const nowMs = this.#options.clock();
    this.#health = new Map(
      targets.map(({ key }) => [key, before.get(key) ?? new UrlHealth(nowMs)]),
    );
    this.#publish();
    return targets.filter(({ url }) => canProbe(url));
  }

  get report(): HealthReport {
    return describeHealth(this.#groups, this.#health, this.#states);
  }

  describe(): Metric[] {
    return this.#counts.describe(this.#states, this.#isUp);
  }

  get #states(): ReadonlyMap<UrlGroup, GroupState> {
    return findGroupStates(this.#groups, this.#isUp);
  }

  /** A URL that is not probed is up while others of its group are, or where there are no others. */
  readonly #isUp = (key: string): boolean => {
    const companions = this.#unprobed.get(key) ?? [];
    return companions.length > 0 ? companions.some(this.#isProbedUp) : this.#isProbedUp(key);
  };

  readonly #isProbedUp = (key: string): boolean => this.#health.get(key)?.state !== "down";

  async #probe(target: ProbeTarget, settings: ProbeConfig, signal: AbortSignal): Promise<void> {
    const { probeUrl, clock, now, log } = this.#options;
    const { url, key } = target;
    const startedAtMs = now();
    try {
      const outcome = await probeUrl(target, {
        timeoutMs: settings.timeoutSeconds * 1000,
        signal,
        relay: settings.relay,
        provenBefore: this.#health.get(key)?.relayProven ?? false,
      });
      const health = this.#health.get(key);
      if (signal.aborted || health === undefined) {
        return;
      }
      this.#counts.add(now() - startedAtMs, outcome.failure?.cause);
      const before = { state: health.state, sinceMs: health.sinceMs, failure: health.failure };
      const changed = health.record(outcome, settings, clock());
      logUrlChange(log, target, before, health);
      if (changed) {
        this.#publish();
      }
    } catch (error) {
      if (!signal.aborted) {
        // A mistake of ours says nothing about the server.
        log.error({ url: url.text, err: error }, "a probe could not be made");
      }
    }
  }

  #publish(): void {
    const downUrls = [...this.#health.keys()].filter((key) => !this.#isUp(key));
    if (downUrls.join(" ") !== this.#downUrls.join(" ")) {
      this.#downUrls = downUrls;
      this.#options.onChange(downUrls);
    }
    this.#saidOfGroups = logGroupChange(this.#options.log, this.#saidOfGroups, this.#states);
  }
}
