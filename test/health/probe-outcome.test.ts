import { describe, expect, it } from "vitest";
import { pickBest, type RelayJudgment, toOutcome } from "../../src/health/probe-outcome.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import type { ProbeResult } from "../../src/probe/probe.js";
import { type ProbeCause, probeCauses } from "../../src/probe/probe-failure.js";

const url = parseIceUrl("turn:turn.example");
const good = { url, roundTripMs: 3 };
const failed = (cause: ProbeCause) => ({ url, failure: { cause, detail: cause } });
const auto: RelayJudgment = { relay: "auto", provenBefore: false };

const judgeResults = (results: readonly ProbeResult[], judgment: RelayJudgment) =>
  toOutcome(pickBest(results, judgment), judgment);

describe("pickBest and toOutcome", () => {
  it.each(probeCauses)("takes %s for down, or for a warning", (cause) => {
    const warnings: readonly ProbeCause[] = [
      "quota",
      "relay-not-tested",
      "relay-unreachable",
      "peer-denied",
    ];
    expect(judgeResults([failed(cause)], auto)).toEqual({
      works: warnings.includes(cause),
      failure: failed(cause).failure,
    });
  });

  it.each<[ProbeCause, RelayJudgment["relay"], provenBefore: boolean, works: boolean]>([
    ["relay-unreachable", "auto", false, true],
    ["relay-unreachable", "auto", true, false],
    ["relay-unreachable", "require", false, false],
    ["peer-denied", "auto", false, true],
    ["peer-denied", "auto", true, false],
    ["peer-denied", "require", true, false],
    ["relay-not-tested", "auto", true, true],
    ["relay-not-tested", "require", false, false],
  ])("judges %s with relay: %s, proven before: %s", (cause, relay, provenBefore, works) => {
    const outcome = judgeResults([failed(cause)], { relay, provenBefore });
    expect(outcome.works).toBe(works);
  });

  it("takes a name for up while one of its addresses works", () => {
    const up = { works: true, roundTripMs: 3 };
    expect(judgeResults([failed("time-out"), good], auto)).toEqual(up);
    expect(judgeResults([failed("quota"), good, failed("refused")], auto)).toEqual(up);
    expect(judgeResults([failed("time-out"), failed("quota")], auto).works).toBe(true);
    expect(judgeResults([failed("time-out"), failed("refused")], auto)).toEqual({
      works: false,
      failure: failed("time-out").failure,
    });
  });

  it("looks at an address at its quota last, which may be full for everybody", () => {
    const results = [failed("quota"), failed("relay-not-tested"), failed("time-out")];
    expect(pickBest(results, auto)).toEqual(failed("relay-not-tested"));
    expect(pickBest([failed("time-out"), failed("quota")], auto)).toEqual(failed("quota"));
  });

  it("takes a relay for proven where one of the addresses was", () => {
    const proven = { ...good, relayProven: true as const };
    const outcome = judgeResults([failed("relay-unreachable"), proven], auto);
    expect(outcome).toEqual({ works: true, roundTripMs: 3, relayProven: true });
  });
});
