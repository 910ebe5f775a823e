import { type CallName, calls } from "../calls/call.js";
import type { ServerName } from "../processes/fleet.js";

/**
 * Whether all calls carry the same token, one of many in turn (of 10,000 JWTs, or of the connector
 * tokens of 1,000 callers), or each one a new token.
 */
export type TokenUse =
  | "es256"
  | "rs256"
  | "connector"
  | "10000-es256"
  | "first-seen-es256"
  | "1000-connectors";

/** One load on one server. It is repeated once a round. */
export interface Measurement {
  readonly server: ServerName;
  readonly call: CallName;
  readonly tokens: TokenUse;
}

/** The same for equal measurements: a baseline is loaded once for all rows that want it. */
export function nameMeasurement({ server, call, tokens }: Measurement): string {
  return `${server}, ${calls[call].title}, ${tokens}`;
}
