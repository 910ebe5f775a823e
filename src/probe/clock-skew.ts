/** Whether a TURN server takes a credential; unknown when something else went wrong. */
export type CredentialVerdict = "accepted" | "refused" | "unknown";

/** Tries a credential that expires so many seconds from now by our clock; negative: it has expired. */
export type JudgeExpiry = (offsetSeconds: number) => Promise<CredentialVerdict>;

/** By how much the server's clock is ahead of ours; negative where it is behind. */
export interface ClockSkew {
  /** Absent when no bound was found: the server may not look at the expiry at all. */
  readonly minSeconds?: number;
  readonly maxSeconds: number;
}

/** Clocks that differ by less are fine: nobody hands out credentials for less than a minute. */
const toleranceSeconds = 60;
/** Ten years: coturn compares times as signed 32-bit numbers. */
const farSeconds = 10 * 365 * 86_400;
const maxTries = 14;
/** How many of them may say nothing: one packet may be lost. */
const maxUnknown = 1;

/**
 * Finds out whether a server's clock is wrong, by the expiries that it accepts: those that by its
 * own clock have not passed. Takes a try or two when it is right, a dozen more when it is wrong.
 *
 * @param fresh what the server made of a credential of `ttlSeconds`
 * @returns undefined when the clock is right by a minute, or the credentials fail for another reason
 */
export async function findClockSkew(
  judge: JudgeExpiry,
  fresh: CredentialVerdict,
  ttlSeconds: number,
): Promise<ClockSkew | undefined> {
  if (fresh === "unknown") {
    return undefined;
  }
  if (fresh === "refused") {
    return (await judge(farSeconds)) === "accepted"
      ? narrow(judge, ttlSeconds, farSeconds)
      : undefined;
  }
  if ((await judge(-toleranceSeconds)) === "accepted") {
    return (await judge(-farSeconds)) === "accepted"
      ? { maxSeconds: -farSeconds }
      : narrow(judge, -farSeconds, -toleranceSeconds);
  }
  return ttlSeconds > toleranceSeconds && (await judge(toleranceSeconds)) === "refused"
    ? narrow(judge, toleranceSeconds, ttlSeconds)
    : undefined;
}

/** Halves what lies between a refused and an accepted expiry, both of one sign, on a scale of ratios. */
async function narrow(judge: JudgeExpiry, refused: number, accepted: number): Promise<ClockSkew> {
  let minSeconds = refused;
  let maxSeconds = accepted;
  let unknown = 0;
  for (let tries = 0; tries < maxTries; tries++) {
    const width = maxSeconds - minSeconds;
    if (width <= toleranceSeconds || width <= Math.abs(maxSeconds) / 50) {
      break;
    }
    const middle = Math.round(Math.sign(maxSeconds) * Math.sqrt(minSeconds * maxSeconds));
    const verdict = await judge(middle);
    if (verdict === "accepted") {
      maxSeconds = middle;
    } else if (verdict === "refused") {
      minSeconds = middle;
    } else if (unknown === maxUnknown) {
      break;
    } else {
      unknown += 1;
    }
  }
  return { minSeconds, maxSeconds };
}

/** Such as `ahead of ours by 118 to 120 minutes`. */
export function printClockSkew({ minSeconds, maxSeconds }: ClockSkew): string {
  const direction = maxSeconds > 0 ? "ahead of" : "behind";
  const [less, more] = [Math.abs(minSeconds ?? maxSeconds), Math.abs(maxSeconds)].sort(
    (a, b) => a - b,
  );
  const [unit, seconds] = chooseUnit(more ?? 0);
  const from = Math.floor((less ?? 0) / seconds);
  const to = Math.ceil((more ?? 0) / seconds);
  if (minSeconds === undefined) {
    return `${direction} ours by more than ${from} ${unit}, or the expiry is not checked`;
  }
  return `${direction} ours by ${from} to ${to} ${unit}`;
}

function chooseUnit(seconds: number): [name: string, seconds: number] {
  if (seconds < 120) {
    return ["seconds", 1];
  }
  if (seconds < 4 * 3600) {
    return ["minutes", 60];
  }
  return seconds < 4 * 86_400 ? ["hours", 3600] : ["days", 86_400];
}
