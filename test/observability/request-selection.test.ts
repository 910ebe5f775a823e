import { describe, expect, it } from "vitest";
import type { Fault } from "../../src/observability/fault.js";
import type { RequestLogLevel } from "../../src/observability/request-log.js";
import { createRequestSelection } from "../../src/observability/request-selection.js";

const requests: readonly [what: string, fault: Fault, level: RequestLogLevel][] = [
  ["a call that succeeds", "none", "info"],
  ["a probe", "none", "debug"],
  ["a rejected token", "client", "warn"],
  ["a malformed request", "client", "info"],
  ["a dependency that is down", "server", "warn"],
  ["an unexpected error", "server", "error"],
];

describe("createRequestSelection", () => {
  it("selects everything by default, without a function to call", () => {
    expect(createRequestSelection({ requests: "all", sample: 1 }, Math.random)).toBeUndefined();
  });

  it.each<["all" | "errors" | "none", number, string[]]>([
    ["all", 0, ["client warn", "client info", "server warn", "server error"]],
    ["errors", 1, ["client warn", "client info", "server warn", "server error"]],
    ["none", 1, ["server error"]],
  ])("with requests: %s and sample: %d, selects %j", (setting, sample, expected) => {
    const select = createRequestSelection({ requests: setting, sample }, () => 0);
    const selected = requests.filter(([, fault, level]) => select?.(fault, level));
    expect(selected.map(([, fault, level]) => `${fault} ${level}`)).toEqual(expected);
  });

  it("samples requests that succeed, and no others", () => {
    const numbers = [0, 0.009, 0.01, 0.5, 0.999];
    const select = createRequestSelection(
      { requests: "all", sample: 0.01 },
      () => numbers.shift() ?? 1,
    );
    expect(select?.("client", "info")).toBe(true);
    expect(select?.("server", "error")).toBe(true);
    const outcomes = [...numbers].map(() => select?.("none", "info"));
    expect(outcomes).toEqual([true, true, false, false, false]);
  });
});
