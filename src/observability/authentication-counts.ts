import type { TokenKind } from "../authentication/token-kind.js";
import { sharedReasons } from "../authentication/token-rejected-error.js";
import { describeCounter, type Metric } from "./metric.js";

/** Where a request carries its token (RFC 6750 section 2). */
export type TokenPlace = "header" | "query";

/** Counts who was let in, and why others were not; never who they are. */
export class AuthenticationCounts {
  readonly #accepted: ReadonlyMap<string, Record<TokenPlace, number>>;
  readonly #failed: Map<string, number>;

  /** Complete from the start: an increase from nothing to 1 would not show. */
  constructor(kinds: readonly Pick<TokenKind, "name" | "reasons">[]) {
    this.#accepted = new Map(kinds.map(({ name }) => [name, { header: 0, query: 0 }]));
    const reasons = ["no_token", ...sharedReasons, ...kinds.flatMap((kind) => kind.reasons)];
    this.#failed = new Map(reasons.map((reason) => [reason, 0]));
  }

  /** @param kind the name of a kind of tokens */
  accept(kind: string, place: TokenPlace): void {
    const byPlace = this.#accepted.get(kind);
    if (byPlace !== undefined) {
      byPlace[place] += 1;
    }
  }

  /** @param reason `no_token`, or why a token was rejected or could not be verified */
  fail(reason: string): void {
    this.#failed.set(reason, (this.#failed.get(reason) ?? 0) + 1);
  }

  describe(): Metric[] {
    return [
      describeCounter(
        "ice_tokens_accepted_total",
        `Tokens accepted, by kind (${[...this.#accepted.keys()].join(", ")}) and place (header, query).`,
        [...this.#accepted].flatMap(([kind, byPlace]) =>
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
