import { expect, it } from "vitest";
import { startLoad } from "../parts/fresh-connection-load.js";
import { startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "young-objects-token";
// Without spaces and double quotes, which NODE_OPTIONS takes for itself.
const traceDecisions =
  "data:text/javascript,import{setFlagsFromString}from'node:v8';setFlagsFromString('--trace-pretenuring-statistics')";
/** At once: V8 decides when it has seen a hundred objects of a kind. */
const connections = 200;

it.each([{ args: [] }, { args: ["--workers", "2"] }])(
  "makes all objects in the young generation, with arguments $args",
  async ({ args }) => {
    const service = await startIceService({
      args,
      env: { NODE_OPTIONS: `--import=${traceDecisions}` },
      config: {
        auth: { connectorTokensFile: "tokens.yaml" },
        ice: { stunUrls: ["stun:stun.example.com"] },
      },
      files: { "tokens.yaml": connectorTokens({ test: token }) },
    });
    const decisionsOfStart = service.stdout();
    const headers = { authorization: `Bearer ${token}` };
    const load = startLoad(`${service.url}/api/v1/ice-servers`, headers, connections);
    await expect.poll(load.answered, { timeout: 20_000 }).toBeGreaterThan(30 * connections);
    expect(Object.keys(await load.stop())).toEqual(["200"]);
    expect(await service.stop()).toBe(0);
    expect(decisionsOfStart).toContain("AllocationSite");
    expect(service.stdout()).toBe(decisionsOfStart);
  },
);
