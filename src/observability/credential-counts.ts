import type { ListIceServers } from "../ice/ice-server-list.js";
import { describeCounter, type Metric } from "./metric.js";

/** Counts the TURN credentials that were handed out. */
export class CredentialCounts {
  readonly #byRegion = new Map<string, number>();

  /** Has a lister's credentials counted as they are made, for one answer or within a stream. */
  countIn(listIceServers: ListIceServers): ListIceServers {
    return (caller, request) => {
      const list = listIceServers(caller, request);
      if (list.credentialLife !== undefined) {
        this.#byRegion.set(list.region, (this.#byRegion.get(list.region) ?? 0) + 1);
      }
      return list;
    };
  }

  describe(): Metric[] {
    return [
      describeCounter(
        "ice_credentials_issued_total",
        "TURN credentials handed out, by region; default where no regions are configured.",
        [...this.#byRegion].map(([region, value]) => ({
          labels: { region: region === "" ? "default" : region },
          value,
        })),
      ),
    ];
  }
}
