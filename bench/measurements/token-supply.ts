import { join } from "node:path";
import type { LoadTokens } from "../load/load.js";
import type { Scene } from "../processes/scene.js";
import type { TokenUse } from "./measurement.js";

/** As many as the service's cache of verified tokens holds. */
export const cycledTokens = 10_000;
/** How many new tokens a second the first load gets: more than any machine verifies so far. */
const firstRate = 15_000;
/** Tokens for longer loads would fill the load generator's memory. */
export const maxFirstSeenSeconds = 10;
/** Over the fastest rate seen, so that a quieter moment of the machine does not use them all up. */
const margin = 2;

/** Makes the tokens that a load needs, before it runs. */
export interface TokenSupply {
  /** One token of that use, for a call by itself. */
  takeOne(use: TokenUse): string;
  /** Tokens for a load of that many seconds. Those of `round` are the same for all servers. */
  supply(use: TokenUse, round: number, seconds: number): LoadTokens;
  /** Predicts how fast new tokens are used up, in tokens a second. */
  observeRate(use: TokenUse, rate: number): void;
}

export function createTokenSupply({ es256, tokens, directory, distinct }: Scene): TokenSupply {
  const cycleFile = join(directory.path, "10000.tokens");
  const firstSeenFile = join(directory.path, "first-seen.tokens");
  let hasCycleFile = false;
  let firstSeenRound: number | undefined;
  let rate = firstRate / margin;

  return {
    takeOne(use) {
      if (use === "1000-connectors") {
        return distinct.first.token;
      }
      return use === "10000-es256" || use === "first-seen-es256" ? es256.sign() : tokens[use];
    },
    supply(use, round, seconds) {
      if (use === "1000-connectors") {
        return { kind: "cycle", file: distinct.tokensFile };
      }
      if (use === "10000-es256") {
        if (!hasCycleFile) {
          es256.writeTokens(cycleFile, cycledTokens);
          hasCycleFile = true;
        }
        return { kind: "cycle", file: cycleFile };
      }
      if (use === "first-seen-es256") {
        if (firstSeenRound !== round) {
          es256.writeTokens(firstSeenFile, Math.ceil(rate * margin * seconds));
          firstSeenRound = round;
        }
        return { kind: "once", file: firstSeenFile };
      }
      return { kind: "same", token: tokens[use] };
    },
    observeRate(use, seen) {
      if (use === "first-seen-es256") {
        rate = Math.max(rate, seen);
      }
    },
  };
}
