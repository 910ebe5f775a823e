import type { IceServerList } from "../ice/ice-server-list.js";
import { describeCounter, type Metric } from "./metric.js";

/** Counts the TURN credentials that were handed out. */
export class CredentialCounts {
  readonly #byRegion = new Map<string, number>();

  /** To be called for each list that a caller gets. */
  count({ region, credentialLife }: Pick<IceServerList, "region" | "credentialLife">): void {
    if (credentialLife !== undefined) {
      this.#byRegion.set(region, (this.#byRegion.get(region) ?? 0) + 1);
    }
  }

  describe(): Metric[] {
    return [
      describeCounter(
        "ice_credentials_issued_total",
        "TURN credentials issued, by region; default if no regions are configured.",
        [...this.#byRegion].map(([region, value]) => ({
          labels: { region: region === "" ? "default" : region },
          value,
        })),
      ),
    ];
  }
}
