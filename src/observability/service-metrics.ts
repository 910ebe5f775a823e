import type { TokenKind } from "../authentication/token-kind.js";
import { AuthenticationCounts } from "./authentication-counts.js";
import { CredentialCounts } from "./credential-counts.js";
import { describeGauge, type Metric } from "./metric.js";
import { RequestCounts } from "./request-counts.js";

/** What a process that serves counts, from its start on. */
export class ServiceCounts {
  readonly requests = new RequestCounts();
  readonly authentication: AuthenticationCounts;
  readonly credentials = new CredentialCounts();

  constructor(tokenKinds: readonly TokenKind[]) {
    this.authentication = new AuthenticationCounts(tokenKinds);
  }
}

/** What is not counted, but looked at when somebody asks. */
export interface ServiceState {
  readonly openConnections: number;
  /** In Unix seconds; undefined without TLS. */
  readonly certificateExpiresAtSeconds: number | undefined;
}

/** All metrics of a process that serves, but those of Node itself. */
export function describeService(
  { requests, authentication, credentials }: ServiceCounts,
  { openConnections, certificateExpiresAtSeconds }: ServiceState,
): Metric[] {
  return [
    ...requests.describe(),
    describeGauge("ice_open_connections", "Connections of clients that are open.", [
      { labels: {}, value: openConnections },
    ]),
    describeGauge(
      "ice_certificate_expiry_timestamp_seconds",
      "When the first certificate of the server's chain expires, in Unix time; absent without TLS.",
      certificateExpiresAtSeconds === undefined
        ? []
        : [{ labels: {}, value: certificateExpiresAtSeconds }],
      "min",
    ),
    ...authentication.describe(),
    ...credentials.describe(),
  ];
}
