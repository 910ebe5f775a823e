import { describeCounter, describeGauge, type Metric } from "../../../observability/metric.js";
import { type ManagedFailure, managedFailures } from "../managed-error.js";

interface Counted {
  requests: number;
  readonly failures: Map<ManagedFailure, number>;
}

/** The state of the credential of a provider. */
export interface CredentialStatus {
  readonly provider: string;
  /** Unix time in whole seconds; undefined without a credential. */
  readonly expiresAtSeconds: number | undefined;
}

/** Counts the requests for managed credentials, by provider. They outlive a reload. */
export class RenewalCounts {
  readonly #byProvider = new Map<string, Counted>();

  /** @param failure undefined when the provider has given a credential */
  add(provider: string, failure: ManagedFailure | undefined): void {
    const counted = this.#byProvider.get(provider) ?? { requests: 0, failures: new Map() };
    this.#byProvider.set(provider, counted);
    counted.requests += 1;
    if (failure !== undefined) {
      counted.failures.set(failure, (counted.failures.get(failure) ?? 0) + 1);
    }
  }

  describe(statuses: readonly CredentialStatus[], nowMs: number): Metric[] {
    const counted = [...this.#byProvider];
    return [
      describeCounter(
        "ice_managed_requests_total",
        "Requests for credentials to managed TURN providers.",
        counted.map(([provider, { requests }]) => ({ labels: { provider }, value: requests })),
      ),
      describeCounter(
        "ice_managed_failures_total",
        "Requests for credentials to managed TURN providers that failed, by reason.",
        counted.flatMap(([provider, { failures }]) =>
          managedFailures.map((reason) => ({
            labels: { provider, reason },
            value: failures.get(reason) ?? 0,
          })),
        ),
      ),
      describeGauge(
        "ice_managed_credential_seconds",
        "Time until the credential of a managed TURN provider expires; 0 without one.",
        statuses.map(({ provider, expiresAtSeconds = 0 }) => ({
          labels: { provider },
          value: Math.max(0, Math.round(expiresAtSeconds - nowMs / 1000)),
        })),
        "min",
      ),
    ];
  }
}
