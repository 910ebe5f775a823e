import { describe, expect, it } from "vitest";
import { findNodeWarnings } from "../../src/process/serve.js";

describe("findNodeWarnings", () => {
  it.each(["20.19.0", "20.20.2"])("advises against Node %s", (version) => {
    expect(findNodeWarnings(version)).toEqual([expect.stringContaining("Node.js 22 or later")]);
  });

  it.each(["22.12.0", "24.0.0", "200.0.0"])("has nothing to say about Node %s", (version) => {
    expect(findNodeWarnings(version)).toEqual([]);
  });
});
