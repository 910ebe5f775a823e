import { describe, expect, it } from "vitest";
import { ConfigError, printConfigError } from "../../src/errors.js";
import { describeListenFailure } from "../../src/server/port-binding.js";

const failure = (code: string) => Object.assign(new Error("listen"), { code });

describe("describeListenFailure", () => {
  it.each([
    ["EADDRINUSE", "listen.port", /the port is in use \(EADDRINUSE\)$/, /port/],
    ["EACCES", "listen.port", /permission denied \(EACCES\)$/, /port/],
    ["ENOTFOUND", "listen.host", /the host name does not resolve \(ENOTFOUND\)$/, /address/],
    ["EWHATEVER", "listen.host", /: EWHATEVER$/, /address/],
  ])("%s", (code, key, problem, fix) => {
    const described = describeListenFailure(failure(code), "ice.example", 80);
    expect(described).toMatchObject({ key, fix: expect.stringMatching(fix) });
    expect(described.problem).toMatch(problem);
    expect(/port/.test(described.fix)).toBe(key === "listen.port");
  });

  it("is not headed as a fault of the configuration", () => {
    const error = new ConfigError([describeListenFailure(failure("EADDRINUSE"), "::", 80)]);
    expect(printConfigError(error)).toMatch(/^The service cannot start:\n/);
  });
});
