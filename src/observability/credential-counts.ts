import {
  type IceServerList,
  type ManagedPart,
  type ManagedReason,
  managedReasons,
} from "../ice/ice-server-list.js";
import { describeCounter, type Metric } from "./metric.js";

type CountedList = Pick<IceServerList, "region" | "credentialLife" | "managed">;

/** Counts the TURN credentials that were handed out. */
export class CredentialCounts {
  readonly #byRegion = new Map<string, number>();
  /** By provider, then by reason. */
  readonly #managed = new Map<string, Map<ManagedReason, number>>();
  readonly #missing = new Map<ManagedReason, number>();

  /** To be called for each list that a caller gets. */
  count({ region, credentialLife, managed }: CountedList): void {
    if (credentialLife !== undefined) {
      increment(this.#byRegion, region);
    }
    if (managed !== undefined) {
      this.#countManaged(managed);
    }
  }

  #countManaged({ provider, reason }: ManagedPart): void {
    if (provider === undefined) {
      increment(this.#missing, reason);
      return;
    }
    const byReason = this.#managed.get(provider) ?? new Map<ManagedReason, number>();
    this.#managed.set(provider, byReason);
    increment(byReason, reason);
  }

  describe(): Metric[] {
    // Nothing where no managed provider was ever wanted.
    const hasManaged = this.#managed.size > 0 || this.#missing.size > 0;
    return [
      describeCounter(
        "ice_credentials_issued_total",
        "TURN credentials issued, by region; default if no regions are configured.",
        [...this.#byRegion].map(([region, value]) => ({
          labels: { region: region === "" ? "default" : region },
          value,
        })),
      ),
      describeCounter(
        "ice_managed_answers_total",
        "Responses with TURN servers of a managed provider, by provider and reason (fallback, always, only).",
        [...this.#managed].flatMap(([provider, byReason]) =>
          managedReasons.map((reason) => ({
            labels: { provider, reason },
            value: byReason.get(reason) ?? 0,
          })),
        ),
      ),
      describeCounter(
        "ice_managed_missing_total",
        "Responses that should have had TURN servers of a managed provider, while none could be used.",
        hasManaged
          ? managedReasons.map((reason) => ({
              labels: { reason },
              value: this.#missing.get(reason) ?? 0,
            }))
          : [],
      ),
    ];
  }
}

function increment<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
