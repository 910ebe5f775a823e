import { describe, expect, it } from "vitest";
import type { Caller } from "../../src/authentication/caller.js";
import type { TokenVerifier } from "../../src/authentication/token-verifier.js";
import { TokenVerifications } from "../../src/watch/token-verifications.js";
import { connectorCaller } from "../parts/callers.js";

const caller = connectorCaller("someone");
const wait = { signal: new AbortController().signal };

/** Leaves each verification to the test. After a good one, it remembers the token. */
function createVerifier() {
  const begun: { resolve(caller: Caller): void; reject(error: Error): void }[] = [];
  let isKnown = false;
  const verifier: TokenVerifier = {
    recognize: () => caller,
    verifyUnknown: async () => caller,
    verify() {
      return isKnown
        ? caller
        : new Promise((resolve, reject) => void begun.push({ resolve, reject }));
    },
    async load() {},
    forget() {},
    describe: () => [],
    sources: [],
  };
  const remember = () => {
    isKnown = true;
  };
  return { verifier, begun, remember };
}

describe("TokenVerifications", () => {
  it("has the same token verified once, for all who ask meanwhile", async () => {
    const { verifier, begun, remember } = createVerifier();
    const verifications = new TokenVerifications();
    const all = [1, 2, 3].map(() =>
      verifications.verify(verifier, "token", wait, "digest of token"),
    );
    expect(begun).toHaveLength(1);
    remember();
    begun[0]?.resolve(caller);
    expect(await Promise.all(all)).toEqual([caller, caller, caller]);
    expect(verifications.verify(verifier, "token", wait, "digest of token")).toBe(caller);
    expect(begun).toHaveLength(1);
  });

  it("has each verify by itself after a failure, which may concern one of them only", async () => {
    const { verifier, begun } = createVerifier();
    const verifications = new TokenVerifications();
    const [first, ...others] = [1, 2, 3].map(() =>
      verifications.verify(verifier, "token", wait, "digest of token"),
    );
    begun[0]?.reject(new Error("its client has left"));
    await expect(first).rejects.toThrow("its client has left");
    expect(begun).toHaveLength(3);
    for (const { resolve } of begun) {
      resolve(caller);
    }
    expect(await Promise.all(others)).toEqual([caller, caller]);
  });

  it("waits neither for another token nor for another verifier", () => {
    const { verifier, begun } = createVerifier();
    const next = createVerifier();
    const verifications = new TokenVerifications();
    void verifications.verify(verifier, "token", wait, "digest of token");
    void verifications.verify(verifier, "other", wait, "digest of other");
    void verifications.verify(next.verifier, "token", wait, "digest of token");
    expect([begun.length, next.begun.length]).toEqual([2, 1]);
  });
});
