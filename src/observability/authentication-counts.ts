import type { Caller } from "../authentication/caller.js";
import {
  type TokenRejectedReason,
  tokenRejectedReasons,
} from "../authentication/token-rejected-error.js";
import { describeCounter, type Metric } from "./metric.js";

/** Where a request carries its token (RFC 6750 section 2). */
export type TokenPlace = "header" | "query";

export type AuthenticationFailure = TokenRejectedReason | "no_token";

/** Counts who was let in, and why others were not; never who they are. */
export class AuthenticationCounts {
  readonly #accepted = { jwt: { header: 0, query: 0 }, connector: { header: 0, query: 0 } };
  /** Complete from the start: an increase from nothing to 1 would not show. */
  readonly #failed = new Map<AuthenticationFailure, number>(
    (["no_token", ...tokenRejectedReasons] as const).map((reason) => [reason, 0]),
  );

  accept(kind: Caller["kind"], place: TokenPlace): void {
    this.#accepted[kind][place] += 1;
  }

  fail(reason: AuthenticationFailure): void {
    this.#failed.set(reason, (this.#failed.get(reason) ?? 0) + 1);
  }

  describe(): Metric[] {
    return [
      describeCounter(
        "ice_tokens_accepted_total",
        "Tokens accepted, by kind (jwt, connector) and place (header, query).",
        Object.entries(this.#accepted).flatMap(([kind, byPlace]) =>
          Object.entries(byPlace).map(([place, value]) => ({ labels: { kind, place }, value })),
        ),
      ),
      describeCounter(
        "ice_authentication_failures_total",
        "Authentication failures by reason.",
        [...this.#failed].map(([reason, value]) => ({ labels: { reason }, value })),
      ),
    ];
  }
}
