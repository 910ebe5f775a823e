import { describe, expect, it } from "vitest";
import { QuotaPool } from "../../src/limits/quota-pool.js";

const createPool = () =>
  new QuotaPool({
    clock: () => 0,
    log: { info() {}, warn() {} },
    monotonicClock: () => 0,
    startTimer() {},
  });
const limit = { requests: 5, windowSeconds: 60 };

describe("QuotaPool", () => {
  it("keeps the counts of a limit whose numbers stay, and of no other", () => {
    const pool = createPool();
    const first = pool.open({ caller: limit, failedAuthentication: limit });
    pool.use(first);
    const same = pool.open({ caller: limit, failedAuthentication: limit });
    expect(same.failedAuthentication).toBe(first.failedAuthentication);
    pool.use(same);
    const second = pool.open({ caller: limit, failedAuthentication: { ...limit, requests: 6 } });
    expect(second.caller).toBe(first.caller);
    expect(second.failedAuthentication).not.toBe(first.failedAuthentication);
    pool.use(second);
    const third = pool.open({ failedAuthentication: limit });
    expect(third.caller).toBeUndefined();
    expect(third.failedAuthentication).not.toBe(first.failedAuthentication);
  });

  it("keeps the counts of users and of callers apart", () => {
    const pool = createPool();
    const first = pool.open({ caller: limit, user: limit });
    pool.use(first);
    pool.use(pool.open({ user: limit }));
    const last = pool.open({ caller: limit, user: limit });
    expect(last.user).toBe(first.user);
    expect(last.caller).not.toBe(first.caller);
  });

  it("goes on with what is used when a configuration is opened in vain", () => {
    const pool = createPool();
    const first = pool.open({ caller: limit });
    pool.use(first);
    pool.open({ caller: { ...limit, requests: 1 } });
    pool.use(first);
    expect(pool.open({ caller: limit }).caller).toBe(first.caller);
  });
});
