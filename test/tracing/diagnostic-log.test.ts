import { describe, expect, it } from "vitest";
import { createDiagnosticLog } from "../../src/tracing/diagnostic-log.js";

function open() {
  const problems: unknown[] = [];
  const clock = { nowMs: 1_800_000_000_000 };
  const log = { info() {}, warn: (fields: object) => problems.push(fields) };
  return { problems, clock, ...createDiagnosticLog(log, () => clock.nowMs) };
}

describe("createDiagnosticLog", () => {
  it("tells everything until it is limited, and then one line a minute", () => {
    const { problems, clock, logger, limit } = open();
    logger.warn("a");
    logger.error("b");
    limit();
    logger.warn("c");
    logger.warn("d");
    clock.nowMs += 59_999;
    logger.error("e");
    clock.nowMs += 1;
    logger.error("f");
    expect(problems).toEqual(["a", "b", "c", "f"].map((problem) => ({ problem })));
  });

  it("leaves out the user information of URLs, and what comes after the message", () => {
    const { problems, logger } = open();
    logger.warn("could not parse 'http://user:secret@collector:4318'", { secret: "secret" });
    expect(problems).toEqual([{ problem: "could not parse 'http://…@collector:4318'" }]);
  });

  it("is silent on what is no trouble", () => {
    const { problems, logger } = open();
    logger.info("a");
    logger.debug("b");
    logger.verbose("c");
    expect(problems).toEqual([]);
  });
});
