import { describe, expect, it } from "vitest";
import { judgeResults } from "../../src/health/probe-url.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import { type ProbeCause, probeCauses } from "../../src/probe/probe-failure.js";

const url = parseIceUrl("turn:turn.example");
const good = { url, roundTripMs: 3 };
const failed = (cause: ProbeCause) => ({ url, failure: { cause, detail: cause } });

describe("judgeResults", () => {
  it.each(probeCauses)("takes %s for down, but a reached quota for up", (cause) => {
    expect(judgeResults([failed(cause)])).toEqual({
      works: cause === "quota",
      failure: failed(cause).failure,
    });
  });

  it("takes a name for up while one of its addresses works", () => {
    const up = { works: true, roundTripMs: 3 };
    expect(judgeResults([failed("time-out"), good])).toEqual(up);
    expect(judgeResults([failed("quota"), good, failed("refused")])).toEqual(up);
    expect(judgeResults([failed("time-out"), failed("quota")]).works).toBe(true);
    expect(judgeResults([failed("time-out"), failed("refused")])).toEqual({
      works: false,
      failure: failed("time-out").failure,
    });
  });
});
