import type { Metric } from "../../../observability/metric.js";
import type { ManagedService } from "../managed-service.js";
import type { ManagedStates } from "../managed-states.js";
import { CredentialRenewal, type RenewalOptions } from "./credential-renewal.js";
import { RenewalCounts } from "./renewal-counts.js";

/**
 * Keeps a credential of each managed service that is configured, and updates the states whenever one
 * changes. One process does so for all: more would ask as often each.
 */
export class ManagedRenewals {
  readonly #options: Omit<RenewalOptions, "counts" | "onChange">;
  readonly #states: ManagedStates;
  readonly #counts = new RenewalCounts();
  #renewals: readonly CredentialRenewal[] = [];

  constructor(states: ManagedStates, options: Omit<RenewalOptions, "counts" | "onChange">) {
    this.#states = states;
    this.#options = options;
  }

  /** Asks these services from now on. One with the same identity as before keeps its credential. */
  use(services: readonly ManagedService[]): void {
    const before = new Map(this.#renewals.map((each) => [each.service.identity, each]));
    const options = {
      ...this.#options,
      counts: this.#counts,
      onChange: () => this.#publish(),
    };
    const wanted = new Map(services.map((service) => [service.identity, service]));
    if (wanted.size === 0 && before.size === 0) {
      return;
    }
    this.#renewals = [...wanted].map(([identity, service]) => {
      const known = before.get(identity);
      known?.follow(service);
      return known ?? new CredentialRenewal(service, options);
    });
    for (const renewal of before.values()) {
      if (!this.#renewals.includes(renewal)) {
        renewal.end();
      }
    }
    this.#publish();
  }

  /** Asks nobody any more; what is known stays. */
  stop(): void {
    for (const renewal of this.#renewals) {
      renewal.end();
    }
  }

  describe(): Metric[] {
    return this.#counts.describe(
      this.#renewals.map(({ service: { name }, state: { credential } }) => ({
        provider: name,
        expiresAtSeconds: credential?.expiresAtSeconds,
      })),
      this.#options.clock(),
    );
  }

  #publish(): void {
    this.#states.set(this.#renewals.map(({ state }) => state));
  }
}
