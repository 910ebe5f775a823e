import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import type { IceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import {
  type ReconfigurableService,
  startReconfigurableService,
} from "../parts/reconfigurable-service.js";
import { connectorTokens } from "../parts/tokens.js";

const refused = "configuration not reloaded: the running one stays";
const patience = { timeout: 30_000 };

describe.each([[[]], [["--workers", "2"]]])("serve %s without file descriptors", (args) => {
  let running: ReconfigurableService;
  let service: IceService;
  beforeEach(async () => {
    running = await startReconfigurableService(
      { admin: { port: 0 }, auth: { connectorTokensFile: "tokens.yaml" } },
      { "tokens.yaml": connectorTokens({ a: "first-token" }) },
      { args },
    );
    ({ service } = running);
  });
  afterEach(async () => {
    expect(await running.stop()).toBe(0);
  });

  const logged = (text: string) => service.logs().filter(({ msg }) => msg === text);
  const limitDescriptors = (count: number) =>
    runProgram("prlimit", ["--pid", String(service.pid), `--nofile=${count}:`]);
  const countDescriptors = () => readdirSync(`/proc/${service.pid}/fd`).length;

  // Nothing can be opened; or the thread can be set up, but not load its program.
  it.each([0, 3])("reloads when there are some again, after %i were left", async (left) => {
    await limitDescriptors(countDescriptors() + left);
    await running.write("tokens.yaml", connectorTokens({ b: "second-token" }));
    await expect.poll(() => logged(refused), patience).toHaveLength(1);
    const [failure] = logged(refused);
    expect(failure).toMatchObject({
      level: "error",
      trigger: "file",
      retryInMs: 1_000,
      problems: [{ fix: expect.stringMatching(/limit of open files/) }],
    });
    // Meanwhile it is tried again, without another line.
    await sleep(2_500);
    expect(logged(refused)).toHaveLength(1);
    await limitDescriptors(1_024);
    await expect.poll(() => logged("configuration reloaded"), patience).toHaveLength(1);
    expect(logged("configuration reloaded")[0]).toMatchObject({ trigger: "retry" });
    const { value } = await scrape(service);
    expect(value("ice_config_reloads_total", { result: "retry" })).toBeGreaterThan(1);
    expect(value("ice_config_last_reload_successful")).toBe(1);
    const answer = await fetch(`${service.url}/api/v1/ice-servers?token=second-token`);
    expect(answer.status).toBe(200);
  });
});
