import type { Signer } from "../probe/diagnosis.js";
import type { ProbeOptions } from "../probe/probe.js";
import {
  type LifetimeVerdict,
  measureLifetime,
  type RelayLifetime,
} from "../probe/relay-lifetime.js";
import type { CheckTarget } from "./check-plan.js";

/** What each verdict means for `ice.turn.ttl`. */
export const lifetimeMeanings: Readonly<Record<LifetimeVerdict, string>> = {
  outlives:
    "A call may last longer than its credential. ttl only limits how long a credential opens new relays: a few hours are enough",
  "ends-unrefreshed":
    "A call loses its relay within 10 minutes after its credential expires. Make ttl longer than your longest call, or have clients restart ICE with a new credential before that",
  ends: "A call loses its relay when its credential expires. Make ttl longer than your longest call, or have clients restart ICE with a new credential before that",
  unknown: "Plan as if relays end with their credentials",
};

/**
 * Finds out whether relays outlive their credentials.
 * @returns undefined where this has no credentials, or none whose expiry can be chosen
 */
export async function checkLifetime(
  { server }: CheckTarget,
  signer: Signer | undefined,
  options: ProbeOptions,
): Promise<RelayLifetime | undefined> {
  return signer?.canChooseExpiry
    ? measureLifetime(server, { ...options, issue: signer.issue, clock: signer.clock })
    : undefined;
}
