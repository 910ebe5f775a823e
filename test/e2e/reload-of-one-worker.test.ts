import { expect, it } from "vitest";
import { childPids, runProgram } from "../parts/child-process.js";
import { scrape } from "../parts/metrics.js";
import { startReconfigurableService } from "../parts/reconfigurable-service.js";
import { connectorTokens } from "../parts/tokens.js";

const patience = { timeout: 30_000 };

it("a worker that cannot take a reload over is told of, and tries again", async () => {
  const running = await startReconfigurableService(
    {
      admin: { port: 0 },
      auth: { connectorTokensFile: "tokens.yaml" },
      // The page is read anew at each reload, for which descriptors are needed.
      diagnostics: true,
    },
    { "tokens.yaml": connectorTokens({ a: "first-token" }) },
    { args: ["--workers", "2"] },
  );
  const { service } = running;
  const logged = (text: string) => service.logs().filter(({ msg }) => msg === text);
  const [pid = 0] = childPids(service.pid);
  const limitDescriptors = (count: number) =>
    runProgram("prlimit", ["--pid", String(pid), `--nofile=${count}:`]);
  const lastSucceeded = async () =>
    (await scrape(service)).value("ice_config_last_reload_successful");
  try {
    // Those beyond stay open, but none can be opened.
    await limitDescriptors(3);
    await running.write("tokens.yaml", connectorTokens({ b: "second-token" }));
    await expect
      .poll(() => logged("configuration not reloaded: the running one stays"), patience)
      .toEqual([expect.objectContaining({ level: "error", pid, retryInMs: 1_000 })]);
    await expect.poll(lastSucceeded, patience).toBe(0);
    await limitDescriptors(1_024);
    await expect
      .poll(() => logged("configuration reloaded"), patience)
      .toContainEqual(expect.objectContaining({ pid, trigger: "retry" }));
    await expect.poll(lastSucceeded, patience).toBe(1);
  } finally {
    expect(await running.stop()).toBe(0);
  }
});
