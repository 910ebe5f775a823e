import { Agent, request } from "node:http";
import { expect, it } from "vitest";
import { startIceService } from "../parts/ice-service.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "young-objects-token";
// Without spaces and double quotes, which NODE_OPTIONS takes for itself.
const traceDecisions =
  "data:text/javascript,import{setFlagsFromString}from'node:v8';setFlagsFromString('--trace-pretenuring-statistics')";
const bursts = 3;
/** V8 decides when it has seen a hundred objects of a kind. */
const connections = 200;
const callsEach = 20;

/** Opens all connections at once, and has each of them make its calls. */
async function callInBurst(url: string): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const call = () =>
    new Promise<void>((resolve, reject) => {
      request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
        response.resume().once("end", resolve);
      })
        .once("error", reject)
        .end();
    });
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let count = 0; count < callsEach; count += 1) {
        await call();
      }
    }),
  );
  agent.destroy();
}

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
    for (let burst = 0; burst < bursts; burst += 1) {
      await callInBurst(`${service.url}/api/v1/ice-servers`);
    }
    expect(await service.stop()).toBe(0);
    expect(decisionsOfStart).toContain("AllocationSite");
    expect(service.stdout()).toBe(decisionsOfStart);
  },
);
