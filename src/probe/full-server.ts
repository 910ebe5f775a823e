import type { ProbeFailure } from "./probe-failure.js";

/**
 * Distinguishes a user's quota from a server that has no relay for anybody: both are 486 (RFC 8656 section 19).
 *
 * @param failure what a probe has failed with
 * @param retry probes again, with a name that nobody has used; absent where all holders have the same
 *   name, so that nobody gets a relay
 * @returns `full`, or `quota` where the fresh name gets a relay; else why the fresh name fails. Any
 *   other failure as it is
 */
export async function judgeQuota(
  failure: ProbeFailure,
  retry: (() => Promise<ProbeFailure | undefined>) | undefined,
): Promise<ProbeFailure> {
  if (failure.cause !== "quota") {
    return failure;
  }
  if (retry === undefined) {
    return toFull(failure, "the name of all callers");
  }
  const again = await retry();
  return again?.cause === "quota" ? toFull(again, "a name that is new to it") : (again ?? failure);
}

function toFull({ detail, ...failure }: ProbeFailure, name: string): ProbeFailure {
  return { ...failure, cause: "full", detail: `${detail} to ${name}` };
}
