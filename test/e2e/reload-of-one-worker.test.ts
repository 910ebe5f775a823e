import { rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { childPids, runProgram } from "../parts/child-process.js";
import { startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";
import { connectorTokens } from "../parts/tokens.js";

const patience = { timeout: 30_000 };

it("a worker that cannot take a reload over is told of, and tries again", async () => {
  const directory = await createTemporaryDirectory("one-worker");
  const file = await directory.write("tokens.yaml", connectorTokens({ a: "first-token" }));
  const service = await startIceService({
    args: ["--workers", "2"],
    config: {
      admin: { port: 0 },
      auth: { connectorTokensFile: file },
      // The page is read anew at each reload, for which descriptors are needed.
      diagnostics: true,
      shutdown: { delay: "0s", timeout: "1s" },
    },
  });
  const logged = (text: string) => service.logs().filter(({ msg }) => msg === text);
  const [pid = 0] = childPids(service.pid);
  const limitDescriptors = (count: number) =>
    runProgram("prlimit", ["--pid", String(pid), `--nofile=${count}:`]);
  const lastSucceeded = async () =>
    (await scrape(service)).value("ice_config_last_reload_successful");
  try {
    // Those beyond stay open, but none can be opened.
    await limitDescriptors(3);
    await rename(
      await directory.write("new", connectorTokens({ b: "second-token" })),
      join(directory.path, "tokens.yaml"),
    );
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
    expect(await service.stop()).toBe(0);
    await directory.remove();
  }
});
