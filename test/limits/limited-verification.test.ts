import { describe, expect, it } from "vitest";
import type { Caller } from "../../src/authentication/caller.js";
import type { CancellableWait } from "../../src/authentication/cancellable-wait.js";
import { TokenRejectedError } from "../../src/authentication/token-rejected-error.js";
import { type TokenVerifier, UnknownToken } from "../../src/authentication/token-verifier.js";
import { limitVerification, maxUnderVerification } from "../../src/limits/limited-verification.js";
import { Quota, type SharedCounter } from "../../src/limits/quota.js";
import { QuotaExceededError } from "../../src/limits/quota-exceeded-error.js";
import {
  maxWaitingPerAddress,
  VerificationPermits,
} from "../../src/limits/verification-permits.js";
import { connectorCaller } from "../parts/callers.js";
import { ManualTime } from "../parts/manual-time.js";

const caller = connectorCaller("gateway");
const windowSeconds = 60;

/** A verification under way, whose outcome the test decides. */
interface Verification {
  readonly token: string;
  readonly wait: CancellableWait | undefined;
  accept(): void;
  reject(error: unknown): void;
}

/** Verifies nothing by itself; refuses tokens that begin with `bad` at once. */
class ManualVerifier implements TokenVerifier {
  readonly verifications: Verification[] = [];
  readonly known = new Set<string>();
  readonly sources = [];

  recognize(token: string): Caller | UnknownToken {
    return this.known.has(token) ? caller : new UnknownToken(token, token);
  }

  verifyUnknown({ token }: UnknownToken, wait?: CancellableWait): Promise<Caller> {
    if (token.startsWith("bad")) {
      throw new TokenRejectedError("unknown_connector_token");
    }
    return new Promise((resolve, reject) => {
      this.verifications.push({
        token,
        wait,
        accept: () => {
          this.known.add(token);
          resolve(caller);
        },
        reject,
      });
    });
  }

  verify(): never {
    throw new Error("nobody asks for this");
  }

  async load() {}
  forget() {}
  describe() {
    return [];
  }
}

function setUp(requests: number, shared?: SharedCounter) {
  const time = new ManualTime(1_000);
  const verifier = new ManualVerifier();
  const quota = new Quota(
    { name: "failedAuthentication", requests, windowSeconds },
    time.clock,
    shared,
  );
  const permits = new VerificationPermits(quota, {
    monotonicClock: time.clock,
    startTimer: time.startTimer,
  });
  const verify = limitVerification(verifier, permits);
  /** What has become of each call, in the order of the calls. */
  const outcomes: string[] = [];
  const call = (
    token: string,
    { address = "192.0.2.1", signal = new AbortController().signal } = {},
  ) => {
    const index = outcomes.push("pending") - 1;
    const settle = (outcome: string) => {
      outcomes[index] = outcome;
    };
    const fail = (error: unknown) => settle(nameFailure(error));
    try {
      verify(new UnknownToken(token, token), address, { signal }).then(
        () => settle("accepted"),
        fail,
      );
    } catch (error) {
      fail(error);
    }
  };
  return { time, verifier, permits, outcomes, call, tick: () => time.advance(0) };
}

/** Without a limit for an address, as it is by default. */
function setUpUnlimited() {
  const verifier = new ManualVerifier();
  const verify = limitVerification(verifier, undefined);
  const { signal } = new AbortController();
  return {
    verifier,
    verify: (token: string) => verify(new UnknownToken(token, token), "192.0.2.1", { signal }),
  };
}

function nameFailure(error: unknown): string {
  if (error instanceof QuotaExceededError) {
    return `${error.reason}, ${error.retryAfterSeconds} s`;
  }
  return error instanceof TokenRejectedError ? error.reason : String(error);
}

const exceeded = "failed_authentication_limit, 60 s";
const tooSlow = "pending_authentication_limit, 2 s";
const forged = () => new TokenRejectedError("signature");

describe("limitVerification", () => {
  it("verifies no more tokens of a burst than may be rejected", async () => {
    const { verifier, outcomes, call, tick } = setUp(3);
    for (let i = 0; i < 100; i += 1) {
      call(`forged ${i}`);
    }
    await tick();
    expect(verifier.verifications).toHaveLength(3);
    for (const { reject } of verifier.verifications) {
      reject(forged());
    }
    await tick();
    expect(verifier.verifications).toHaveLength(3);
    expect(outcomes).toEqual([...Array(3).fill("signature"), ...Array(97).fill(exceeded)]);
  });

  it("counts tokens that need no verification to be rejected, also within one turn", () => {
    const { outcomes, call } = setUp(2);
    for (let i = 0; i < 4; i += 1) {
      call(`bad ${i}`);
    }
    expect(outcomes).toEqual([
      "unknown_connector_token",
      "unknown_connector_token",
      exceeded,
      exceeded,
    ]);
  });

  it("counts a token as often as it is sent", async () => {
    const { verifier, outcomes, call, tick } = setUp(2);
    for (let i = 0; i < 5; i += 1) {
      call("forged");
    }
    verifier.verifications[0]?.reject(forged());
    verifier.verifications[1]?.reject(forged());
    await tick();
    expect(verifier.verifications).toHaveLength(2);
    expect(outcomes.filter((outcome) => outcome === exceeded)).toHaveLength(3);
  });

  it.each<[string, (verification: Verification | undefined) => void, string]>([
    ["good tokens", (verification) => verification?.accept(), "accepted"],
    [
      "missing keys",
      (verification) => verification?.reject(new TokenRejectedError("keys_unavailable", false)),
      "keys_unavailable",
    ],
    [
      "clients that went away",
      (verification) => verification?.reject(new TokenRejectedError("cancelled", false)),
      "cancelled",
    ],
    ["mistakes of ours", (verification) => verification?.reject(new Error("boom")), "Error: boom"],
  ])("gives the permits of %s back", async (_, end, outcome) => {
    const { verifier, outcomes, call, tick } = setUp(2);
    for (let i = 0; i < 6; i += 1) {
      call(`token ${i}`);
    }
    for (let i = 0; i < 6; i += 1) {
      await tick();
      expect(verifier.verifications).toHaveLength(Math.min(6, i + 2));
      end(verifier.verifications[i]);
    }
    await tick();
    expect(outcomes).toEqual(Array(6).fill(outcome));
  });

  it("lets calls wait 2 s for a permit, and then refuses them", async () => {
    const { time, verifier, outcomes, call, tick } = setUp(1);
    call("slow");
    call("second");
    await time.advance(1);
    call("third");
    await time.advance(0.999);
    expect(outcomes).toEqual(["pending", "pending", "pending"]);
    await time.advance(0.001);
    expect(outcomes).toEqual(["pending", tooSlow, "pending"]);
    verifier.verifications[0]?.accept();
    await tick();
    verifier.verifications[1]?.accept();
    await tick();
    expect(outcomes).toEqual(["accepted", tooSlow, "accepted"]);
    await time.advance(10);
    expect(time.timerCount).toBe(0);
  });

  it("does not count the time that a call with a permit waits for keys", async () => {
    const { time, verifier, outcomes, call, tick } = setUp(2);
    call("first");
    call("second");
    call("third");
    const [first, second] = verifier.verifications;
    await time.advance(1.5);
    first?.wait?.beginFetch?.();
    await time.advance(4);
    second?.wait?.beginFetch?.();
    first?.wait?.endFetch?.();
    await time.advance(4);
    second?.wait?.endFetch?.();
    await time.advance(0.4);
    expect(outcomes[2]).toBe("pending");
    await time.advance(0.1);
    expect(outcomes[2]).toBe(tooSlow);
    first?.accept();
    second?.accept();
    await tick();
    expect(outcomes).toEqual(["accepted", "accepted", tooSlow]);
  });

  it("lets a burst of good tokens through that wait for the same keys, even if these take 9 s", async () => {
    const { time, verifier, outcomes, call, tick } = setUp(5);
    for (let i = 0; i < 200; i += 1) {
      call(`good ${i}`);
    }
    for (const { wait } of verifier.verifications) {
      wait?.beginFetch?.();
    }
    await time.advance(9);
    for (const { wait } of verifier.verifications) {
      wait?.endFetch?.();
    }
    for (let i = 0; i < 200; i += 1) {
      verifier.verifications[i]?.accept();
      await tick();
    }
    expect(new Set(outcomes)).toEqual(new Set(["accepted"]));
  });

  it("refuses calls after 10 s, even if a call with a permit waits for keys all the time", async () => {
    const { time, verifier, outcomes, call, tick } = setUp(1);
    call("hangs");
    verifier.verifications[0]?.wait?.beginFetch?.();
    call("second");
    await time.advance(4);
    call("third");
    await time.advance(5.9);
    expect(outcomes).toEqual(["pending", "pending", "pending"]);
    await time.advance(0.1);
    expect(outcomes).toEqual(["pending", tooSlow, "pending"]);
    await time.advance(4);
    expect(outcomes).toEqual(["pending", tooSlow, tooSlow]);
    verifier.verifications[0]?.wait?.endFetch?.();
    verifier.verifications[0]?.accept();
    await tick();
    expect(outcomes).toEqual(["accepted", tooSlow, tooSlow]);
    expect(time.timerCount).toBe(0);
  });

  it("starts two timers at most, however many calls wait", async () => {
    const { time, call, tick } = setUp(1);
    for (let i = 0; i < 100; i += 1) {
      call(`token ${i}`);
    }
    await tick();
    expect(time.timerCount).toBe(2);
  });

  it("needs no permit any more for a token that another call has had verified meanwhile", async () => {
    const { verifier, outcomes, call, tick } = setUp(1);
    for (let i = 0; i < 50; i += 1) {
      call("the same");
    }
    verifier.verifications[0]?.accept();
    await tick();
    expect(verifier.verifications).toHaveLength(1);
    expect(outcomes).toEqual(Array(50).fill("accepted"));
  });

  it("gives up the place of a client that went away", async () => {
    const { verifier, outcomes, call, tick } = setUp(1);
    const controller = new AbortController();
    call("first");
    call("second", { signal: controller.signal });
    call("third");
    call("fourth", { signal: AbortSignal.abort() });
    controller.abort();
    await tick();
    expect(outcomes).toEqual(["pending", "cancelled", "pending", "cancelled"]);
    verifier.verifications[0]?.accept();
    await tick();
    expect(verifier.verifications.map(({ token }) => token)).toEqual(["first", "third"]);
  });

  it("has each address wait for itself, IPv6 by its /64", async () => {
    const { verifier, outcomes, call, tick } = setUp(1);
    const addresses = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"];
    for (const address of addresses) {
      call(address, { address });
    }
    await tick();
    expect(verifier.verifications.map(({ token }) => token)).toEqual([
      "192.0.2.1",
      "192.0.2.2",
      "2001:db8::1",
      "2001:db8:0:1::1",
    ]);
    for (const { reject } of verifier.verifications) {
      reject(forged());
    }
    await tick();
    expect(outcomes).toEqual(["signature", "signature", "signature", exceeded, "signature"]);
  });

  it("bounds how many wait", async () => {
    const { outcomes, call, tick } = setUp(1);
    for (let i = 0; i < maxWaitingPerAddress + 3; i += 1) {
      call(`token ${i}`);
    }
    await tick();
    expect(outcomes.filter((outcome) => outcome === "pending")).toHaveLength(
      maxWaitingPerAddress + 1,
    );
    expect(outcomes.slice(-2)).toEqual([tooSlow, tooSlow]);
  });

  it("keeps a permit until others have counted its rejection, so that no burst slips between", async () => {
    const answers: (() => void)[] = [];
    let count = 0;
    const shared: SharedCounter = {
      isUp: true,
      add: () =>
        new Promise((resolve) => {
          answers.push(() => {
            count += 1;
            resolve({ count, leftMs: 60_000 });
          });
        }),
    };
    const { verifier, outcomes, call, tick } = setUp(3, shared);
    for (let i = 0; i < 20; i += 1) {
      call(`forged ${i}`);
    }
    for (const { reject } of verifier.verifications) {
      reject(forged());
    }
    await tick();
    for (const answer of answers) {
      answer();
      await tick();
      call("one more");
    }
    await tick();
    expect(verifier.verifications).toHaveLength(3);
    expect(new Set(outcomes.slice(3))).toEqual(new Set([exceeded]));
  });

  it("begins anew with the next window", async () => {
    const { time, verifier, outcomes, call, tick } = setUp(1);
    call("bad 1");
    call("good");
    await time.advance(windowSeconds);
    call("good");
    verifier.verifications[0]?.accept();
    await tick();
    expect(outcomes).toEqual(["unknown_connector_token", exceeded, "accepted"]);
  });

  it("has no more tokens under verification at a time than a process can hold", async () => {
    const { verifier, verify } = setUpUnlimited();
    const verified = Array.from({ length: maxUnderVerification }, (_, index) => verify(`${index}`));
    const refusal = expect.objectContaining({ reason: "pending_authentication_limit" });
    expect(() => verify("one more")).toThrow(refusal);
    verifier.verifications[0]?.accept();
    verifier.verifications[1]?.reject(forged());
    await verified[0];
    await expect(verified[1]).rejects.toThrow();
    verified.push(verify("as one has ended"), verify("as another one has ended"));
    expect(() => verify("one more")).toThrow(refusal);
    for (const { accept } of verifier.verifications) {
      accept();
    }
    await Promise.allSettled(verified);
  });

  it("gives the permit back of a token that it has no room for", async () => {
    const { verifier, outcomes, call, tick } = setUp(maxUnderVerification + 1);
    for (let index = 0; index <= maxUnderVerification; index += 1) {
      call(`token ${index}`);
    }
    verifier.verifications[0]?.accept();
    await tick();
    call("another");
    call("one too many");
    await tick();
    expect(outcomes.slice(-3)).toEqual([tooSlow, "pending", tooSlow]);
  });
});
