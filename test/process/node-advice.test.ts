import { describe, expect, it } from "vitest";
import { findNodeWarnings } from "../../src/process/node-advice.js";
import { startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

describe("findNodeWarnings", () => {
  it.each(["20.19.0", "20.20.2"])("advises against Node %s", (version) => {
    expect(findNodeWarnings(version)).toEqual([expect.stringContaining("Node.js 22 or later")]);
  });

  it.each(["22.12.0", "24.0.0", "200.0.0"])("has nothing to say about Node %s", (version) => {
    expect(findNodeWarnings(version)).toEqual([]);
  });
});

describe("serve", () => {
  it.each([1, 2])("logs the advice once, with %i process(es) that serve", async (workers) => {
    const service = await startIceService({
      files: { "tokens.yaml": connectorTokens({ advice: "advice-test-token" }) },
      config: { auth: { connectorTokensFile: "tokens.yaml" } },
      args: ["--workers", String(workers)],
    });
    await service.stop();
    const advice = service.stderr().match(/"level":"warn".*"msg":"Node.js .*"/g) ?? [];
    expect(advice).toHaveLength(findNodeWarnings(process.versions.node).length);
  });
});
