import { randomBytes } from "node:crypto";
import { type Clock, systemTimer } from "../clock.js";
import type { HealthLog } from "./health-log.js";
import { HealthMonitor } from "./health-monitor.js";
import type { ProbeUrl } from "./probe-url.js";

/**
 * Makes a monitor that probes over the network, once it is configured.
 * @param onChange told the keys of the URLs that are down, whenever these are others than before
 */
export function openHealthMonitor(
  clock: Clock,
  log: HealthLog,
  onChange: (downUrls: readonly string[]) => void,
): HealthMonitor {
  const now = () => performance.now();
  let probeUrl: ProbeUrl | undefined;
  return new HealthMonitor({
    async probeUrl(target, options) {
      // Loaded by the first probe: where none is configured, the process does without.
      probeUrl ??= (await import("./probe-url.js")).createProbeUrl(clock, now, randomBytes);
      return probeUrl(target, options);
    },
    clock,
    startTimer: systemTimer,
    random: Math.random,
    now,
    log,
    onChange,
  });
}
