import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { childPids, runProgram } from "../parts/child-process.js";
import { type HeldConnection, holdConnections } from "../parts/held-connections.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { connectorTokens } from "../parts/tokens.js";

const token = "open-files-test-token";
const settings = {
  files: { "tokens.yaml": connectorTokens({ files: token }) },
  config: {
    admin: { port: 0 },
    auth: { connectorTokensFile: "tokens.yaml" },
    shutdown: { delay: "0s", timeout: "1s" },
  },
};
const processes = [
  { name: "one process", args: [] },
  { name: "two workers", args: ["--workers", "2"] },
];
const warnings = (service: IceService) =>
  service.logs().flatMap(({ level, msg }) => (level === "warn" ? [msg] : []));
const refusals = (service: IceService) =>
  service
    .logs()
    .filter(({ msg }) => msg.startsWith("connections refused: the limit of open files"));
const countDescriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

describe.each(processes)("64 open files and 200 connections, with $name", ({ args }) => {
  it("refuses, counts, and logs those that are too many, serves the others, and recovers", async () => {
    const service = await startIceService({ ...settings, args, openFiles: 64 });
    const pids = [service.pid, ...childPids(service.pid)];
    const held: HeldConnection[] = [];
    // Several rounds: a burst is refused by the primary, what comes slowly by full workers.
    for (let round = 0; round < 4; round++) {
      held.push(...(await holdConnections(service.url, 50)));
    }
    expect(held.length).toBeGreaterThan(10);
    const refused = 200 - held.length;
    expect(refused).toBeGreaterThan(50);

    // All of it through the admin listener, while the descriptors for clients are used up.
    const metrics = await scrape(service);
    expect(metrics.value("ice_connections_refused_total", { reason: "open_files" })).toBe(refused);
    expect((await fetch(`${service.adminUrl}/readyz`)).status).toBe(200);
    await expect
      .poll(() => refusals(service).reduce((sum, line) => sum + Number(line["refused"]), 0))
      .toBe(refused);
    // One line at once and one each 10 s, from each process.
    expect(refusals(service).length).toBeLessThan(15);

    expect(await Promise.all(held.map((connection) => connection.request()))).toEqual(
      held.map(() => 200),
    );
    expect(pids.map(countDescriptors).every((count) => count < 60)).toBe(true);
    for (const connection of held.splice(0)) {
      connection.close();
    }
    await expect
      .poll(async () => {
        const next = await holdConnections(service.url, 10);
        for (const connection of next) {
          connection.close();
        }
        return next.length;
      })
      .toBe(10);
    expect([service.pid, ...childPids(service.pid)]).toEqual(pids);
    expect(await service.stop()).toBe(0);
  });

  it("warns at startup that the limit is below listen.maxConnections", async () => {
    const service = await startIceService({ ...settings, args, openFiles: 1000 });
    expect(warnings(service)).toEqual([
      expect.stringMatching(/listen\.maxConnections is 20000.* 1000 files.*LimitNOFILE/),
    ]);
    await service.stop();
    const fitting = await startIceService({
      ...settings,
      config: { ...settings.config, listen: { maxConnections: 700 } },
      args,
      openFiles: 1000,
    });
    expect(warnings(fitting)).toEqual([]);
    await fitting.stop();
  });
});

describe("a worker that has no descriptor left at all", () => {
  it("gets connections again when it has", async () => {
    const service = await startIceService({ ...settings, args: ["--workers", "2"] });
    const [starved = -1] = childPids(service.pid);
    const limit = (count: number) =>
      runProgram("prlimit", [`--pid=${starved}`, `--nofile=${count}:20000`]);
    await limit(5);
    const before = countDescriptors(starved);
    // The other worker gets those that the starved one cannot take.
    const held = await holdConnections(service.url, 6);
    expect(held).toHaveLength(6);
    expect(countDescriptors(starved)).toBe(before);
    await limit(1000);
    held.push(...(await holdConnections(service.url, 6)));
    expect(held).toHaveLength(12);
    expect(countDescriptors(starved)).toBeGreaterThan(before);
    for (const connection of held) {
      connection.close();
    }
    expect(await service.stop()).toBe(0);
  });
});
