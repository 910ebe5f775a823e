import { describe, expect, it } from "vitest";
import { findNodeWarnings } from "../../src/process/serve.js";
import { startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

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
