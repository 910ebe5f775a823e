import { DurationCounts } from "../observability/duration-counts.js";
import { describeCounter, describeGauge, type Metric } from "../observability/metric.js";
import { type ProbeCause, probeCauses } from "../probe/probe-failure.js";
import type { IsUp } from "../turn/selection/live-urls.js";
import { findOwner, listKeyedUrls, type UrlGroup } from "../turn/url-group.js";
import type { GroupState } from "./group-state.js";

const durationName = "ice_probe_duration_seconds";

/** Counts probes, and describes what they have found. */
export class HealthCounts {
  readonly #durations = new DurationCounts();
  readonly #failures = new Map<ProbeCause, number>();

  add(durationMs: number, cause: ProbeCause | undefined): void {
    this.#durations.add(durationMs);
    if (cause !== undefined) {
      this.#failures.set(cause, (this.#failures.get(cause) ?? 0) + 1);
    }
  }

  /** @param states of all groups; empty while nothing is probed */
  describe(states: ReadonlyMap<UrlGroup, GroupState>, isUp: IsUp): Metric[] {
    // Nothing where nothing was ever probed.
    const causes = states.size > 0 || this.#failures.size > 0 ? probeCauses : [];
    const describeUrls = (kind: UrlGroup["kind"]) =>
      [...states.keys()]
        .filter((group) => group.kind === kind)
        .flatMap((group) =>
          listKeyedUrls(group).map(({ url, key }) => ({
            labels: { url: url.text, ...labelOwner(group) },
            value: isUp(key) ? 1 : 0,
          })),
        );
    return [
      describeGauge(
        "ice_turn_url_up",
        "Whether probes find a TURN URL up (1), or it is left out of responses (0).",
        describeUrls("turn"),
      ),
      describeGauge(
        "ice_stun_url_up",
        "Whether probes find a STUN URL up (1), or it is left out of responses (0).",
        describeUrls("stun"),
      ),
      describeGauge(
        "ice_failing_open",
        "Whether responses contain URLs that are down, because none is up (1), by kind and region.",
        [...states]
          .filter(([group]) => findOwner(group) === undefined)
          .map(([{ kind, region }, state]) => ({
            labels: { kind, region: labelRegion(region) },
            value: state === "failing-open" ? 1 : 0,
          })),
      ),
      {
        name: durationName,
        help: "Duration of a probe of a URL.",
        type: "histogram",
        aggregator: "sum",
        values: this.#durations.describe(durationName, {}),
      },
      describeCounter(
        "ice_probe_failures_total",
        "Failed probes by cause.",
        causes.map((cause) => ({ labels: { cause }, value: this.#failures.get(cause) ?? 0 })),
      ),
    ];
  }
}

/** Own servers have a region, those of others a provider. */
function labelOwner(group: UrlGroup): Record<string, string> {
  const provider = findOwner(group);
  return provider === undefined ? { region: labelRegion(group.region) } : { provider };
}

/** As in ice_credentials_issued_total. */
function labelRegion(region: string): string {
  return region === "" ? "default" : region;
}
