import { describe, expect, it } from "vitest";
import { Quota, type SharedCount, type SharedCounter } from "../../src/limits/quota.js";

const policy = { name: "caller", requests: 3, windowSeconds: 60 } as const;

function createClock() {
  const time = { nowMs: 1_800_000_000_000 };
  return { time, clock: () => time.nowMs };
}

describe("a Quota that counts by itself", () => {
  it("answers at once, and is exceeded by the first call too many, until the window ends", () => {
    const { time, clock } = createClock();
    const quota = new Quota(policy, clock);
    expect([1, 2, 3, 4].map(() => quota.take("a"))).toEqual([
      { isExceeded: false, remaining: 2, resetsInSeconds: 60 },
      { isExceeded: false, remaining: 1, resetsInSeconds: 60 },
      { isExceeded: false, remaining: 0, resetsInSeconds: 60 },
      { isExceeded: true, remaining: 0, resetsInSeconds: 60 },
    ]);
    time.nowMs += 59_500;
    expect(quota.take("a")).toEqual({ isExceeded: true, remaining: 0, resetsInSeconds: 1 });
    expect(quota.take("b")).toMatchObject({ isExceeded: false });
    time.nowMs += 500;
    expect(quota.take("a")).toMatchObject({ isExceeded: false, remaining: 2 });
  });

  it("tells without counting how one more call would stand", () => {
    const quota = new Quota(policy, createClock().clock);
    expect(quota.peek("a")).toEqual({ isExceeded: false, remaining: 2, resetsInSeconds: 60 });
    for (const exceeded of [false, false, false, true]) {
      expect(quota.peek("a").isExceeded).toBe(exceeded);
      quota.take("a");
    }
  });
});

describe("a Quota with a shared counter", () => {
  function createShared(count: (asked: number) => SharedCount | undefined) {
    const shared: SharedCounter & { asked: [string, number][]; isUp: boolean } = {
      isUp: true,
      asked: [],
      async add(key, windowMs) {
        shared.asked.push([key, windowMs]);
        return count(shared.asked.length);
      },
    };
    return { shared, quota: new Quota(policy, createClock().clock, shared) };
  }

  it("goes by what others have counted too, and does not ask again once the quota is used up", async () => {
    const { shared, quota } = createShared((asked) => ({ count: asked * 2, leftMs: 30_000 }));
    expect(await quota.take("a")).toEqual({ isExceeded: false, remaining: 1, resetsInSeconds: 30 });
    expect(await quota.take("a")).toEqual({ isExceeded: true, remaining: 0, resetsInSeconds: 30 });
    expect(quota.take("a")).toEqual({ isExceeded: true, remaining: 0, resetsInSeconds: 30 });
    expect(shared.asked).toEqual([
      ["caller:3/60:a", 60_000],
      ["caller:3/60:a", 60_000],
    ]);
  });

  it("counts on by itself, from where it was, when no answer comes and while the counter is away", async () => {
    const { shared, quota } = createShared((asked) =>
      asked === 1 ? { count: 1, leftMs: 30_000 } : undefined,
    );
    await quota.take("a");
    expect(await quota.take("a")).toMatchObject({ isExceeded: false, remaining: 1 });
    shared.isUp = false;
    expect(quota.take("a")).toMatchObject({ isExceeded: false, remaining: 0 });
    expect(quota.take("a")).toMatchObject({ isExceeded: true });
    expect(shared.asked).toHaveLength(2);
  });
});
