import { describe, expect, it } from "vitest";
import {
  type ClockSkew,
  type CredentialVerdict,
  findClockSkew,
  printClockSkew,
} from "../../src/probe/clock-skew.js";

const hour = 3600;
const ttlSeconds = 24 * hour;

/** A server whose clock is ahead of ours by so much; counts what it is asked. */
function openServer(skewSeconds: number) {
  let tries = 0;
  return {
    judge: async (offsetSeconds: number): Promise<CredentialVerdict> => {
      tries += 1;
      return offsetSeconds >= skewSeconds ? "accepted" : "refused";
    },
    get tries() {
      return tries;
    },
  };
}

const find = (skewSeconds: number) => {
  const server = openServer(skewSeconds);
  const fresh = ttlSeconds >= skewSeconds ? "accepted" : "refused";
  return findClockSkew(server.judge, fresh, ttlSeconds).then((skew) => ({
    skew,
    tries: server.tries,
  }));
};

describe("findClockSkew", () => {
  it.each([0, 59, -59])("finds nothing wrong with %i seconds, in two tries", async (seconds) => {
    expect(await find(seconds)).toEqual({ skew: undefined, tries: 2 });
  });

  it.each(
    [90, 2 * hour, 23 * hour, 25 * hour, 30 * 24 * hour, 9 * 365 * 24 * hour].flatMap((s) => [
      s,
      -s,
    ]),
  )("finds %i seconds, by 2 % or a minute, in at most 16 tries", async (seconds) => {
    const { skew, tries } = await find(seconds);
    const { minSeconds = Number.NaN, maxSeconds } = skew ?? { maxSeconds: Number.NaN };
    expect(minSeconds).toBeLessThan(seconds);
    expect(maxSeconds).toBeGreaterThanOrEqual(seconds);
    expect(maxSeconds - minSeconds).toBeLessThanOrEqual(Math.max(60, Math.abs(seconds) / 40));
    expect(tries).toBeLessThanOrEqual(16);
  });

  it("finds no bound where the expiry is not looked at", async () => {
    expect((await find(Number.NEGATIVE_INFINITY)).skew).toEqual({ maxSeconds: -315_360_000 });
  });

  it("takes a secret that no expiry helps for what it is", async () => {
    expect(await findClockSkew(async () => "refused", "refused", ttlSeconds)).toBeUndefined();
  });

  it("says nothing when nothing is known", async () => {
    expect(await findClockSkew(async () => "unknown", "unknown", ttlSeconds)).toBeUndefined();
    expect(await findClockSkew(async () => "unknown", "accepted", ttlSeconds)).toBeUndefined();
  });

  it("goes on after one try that says nothing", async () => {
    for (let lost = 1; lost <= 8; lost++) {
      let tries = 0;
      const judge = async (offsetSeconds: number): Promise<CredentialVerdict> =>
        tries++ === lost ? "unknown" : offsetSeconds > 7200 ? "accepted" : "refused";
      const { minSeconds = 0, maxSeconds = 0 } = (await findClockSkew(judge, "refused", 600)) ?? {};
      expect(minSeconds).toBeLessThanOrEqual(7200);
      expect(maxSeconds).toBeGreaterThan(7200);
      expect(maxSeconds).toBeLessThan(7500);
    }
  });

  it("stays with what it knows when tries fail", async () => {
    let tries = 0;
    const judge = async (): Promise<CredentialVerdict> => (tries++ === 0 ? "accepted" : "unknown");
    expect(await findClockSkew(judge, "refused", ttlSeconds)).toEqual({
      minSeconds: ttlSeconds,
      maxSeconds: 315_360_000,
    });
  });
});

describe("printClockSkew", () => {
  it.each<[ClockSkew, string]>([
    [{ minSeconds: 60, maxSeconds: 100 }, "ahead of ours by 60 to 100 seconds"],
    [{ minSeconds: 7100, maxSeconds: 7230 }, "ahead of ours by 118 to 121 minutes"],
    [{ minSeconds: -7230, maxSeconds: -7100 }, "behind ours by 118 to 121 minutes"],
    [{ minSeconds: 86_400, maxSeconds: 90_000 }, "ahead of ours by 24 to 25 hours"],
    [
      { maxSeconds: -315_360_000 },
      "behind ours by more than 3650 days, or the expiry is not checked",
    ],
  ])("%j is %s", (skew, text) => {
    expect(printClockSkew(skew)).toBe(text);
  });
});
