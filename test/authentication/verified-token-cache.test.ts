import { describe, expect, it } from "vitest";
import { VerifiedTokenCache } from "../../src/authentication/verified-token-cache.js";
import { jwtCaller } from "../parts/callers.js";
import { startSeconds } from "./signing-key.js";
import { createMovableClock } from "./verifier-setup.js";

const source = {
  findKey: () => Promise.reject(new Error("not for this test")),
  keepFresh() {},
  isStale: () => false,
  load: async () => {},
  close() {},
};
const tokenUntil = (expiresAtSeconds: number) => ({
  caller: jwtCaller("i", "s", { expiresAtSeconds }),
  knownUntilMs: expiresAtSeconds * 1000,
  source,
});

describe("VerifiedTokenCache", () => {
  it("finds a token until its exp", () => {
    const { clock, moveSeconds } = createMovableClock();
    const cache = new VerifiedTokenCache(clock);
    const token = tokenUntil(startSeconds + 10);
    cache.add("a", token, cache.generation);
    moveSeconds(9.999);
    expect([cache.find("a"), cache.find("b")]).toEqual([token, undefined]);
    moveSeconds(0.001);
    expect(cache.find("a")).toBeUndefined();
  });

  it("forgets all when keys change", () => {
    const cache = new VerifiedTokenCache(createMovableClock().clock);
    cache.add("a", tokenUntil(startSeconds + 10), cache.generation);
    cache.clear();
    expect(cache.find("a")).toBeUndefined();
  });

  it("does not take a token whose verification began before keys changed", () => {
    const cache = new VerifiedTokenCache(createMovableClock().clock);
    const { generation } = cache;
    cache.clear();
    cache.add("a", tokenUntil(startSeconds + 10), generation);
    expect(cache.find("a")).toBeUndefined();
  });

  it("holds 10,000 tokens and drops the one not used for longest", () => {
    const cache = new VerifiedTokenCache(createMovableClock().clock);
    const add = (digest: string) =>
      cache.add(digest, tokenUntil(startSeconds + 10), cache.generation);
    for (let count = 0; count < 10_000; count++) {
      add(`token-${count}`);
    }
    cache.find("token-0");
    add("one more");
    expect(
      ["token-0", "token-1", "one more"].map((digest) => cache.find(digest) !== undefined),
    ).toEqual([true, false, true]);
  });
});
