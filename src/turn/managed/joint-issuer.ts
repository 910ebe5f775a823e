import type { Holder } from "../holder.js";
import type { TurnEntry, TurnGrant, TurnProvider } from "../provider.js";

interface JointGrant {
  readonly first: TurnGrant;
  readonly second: TurnGrant;
  readonly grant: TurnGrant;
}

/**
 * Issues the grants of two providers as one: the entries of the first, then those of the second.
 */
export class JointIssuer implements Pick<TurnProvider, "issue"> {
  readonly #first: Pick<TurnProvider, "issue">;
  readonly #second: Pick<TurnProvider, "issue">;
  #last: JointGrant | undefined;
  /** Holders whose credentials expire at different times call in turn. */
  #secondLast: JointGrant | undefined;

  constructor(first: Pick<TurnProvider, "issue">, second: Pick<TurnProvider, "issue">) {
    this.#first = first;
    this.#second = second;
  }

  issue(
    holder: Holder,
    expiresAtSeconds: number,
  ): TurnGrant | undefined | Promise<TurnGrant | undefined> {
    const first = this.#first.issue(holder, expiresAtSeconds);
    const second = this.#second.issue(holder, expiresAtSeconds);
    return first instanceof Promise || second instanceof Promise
      ? Promise.all([first, second]).then((grants) => this.#join(...grants))
      : this.#join(first, second);
  }

  #join(first: TurnGrant | undefined, second: TurnGrant | undefined): TurnGrant | undefined {
    if (first === undefined || second === undefined) {
      return first ?? second;
    }
    for (const known of [this.#last, this.#secondLast]) {
      if (known?.first === first && known.second === second) {
        return known.grant;
      }
    }
    const grant: TurnGrant = {
      entries: [...dateEntries(first), ...dateEntries(second)],
      expiresAtSeconds: Math.min(first.expiresAtSeconds, second.expiresAtSeconds),
    };
    this.#secondLast = this.#last;
    this.#last = { first, second, grant };
    return grant;
  }
}

/** A list may have entries of only one of the two, and then lives as long as these. */
function dateEntries({ entries, expiresAtSeconds }: TurnGrant): TurnGrant["entries"] {
  const [entry, ...others] = entries;
  const date = (each: TurnEntry): TurnEntry => ({ expiresAtSeconds, ...each });
  return [date(entry), ...others.map(date)];
}
