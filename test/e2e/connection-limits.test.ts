import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { childPids } from "../parts/child-process.js";
import { type HeldConnection, holdConnection, holdConnections } from "../parts/held-connections.js";
import { type IceService, startIceService } from "../parts/ice-service.js";
import { scrape } from "../parts/metrics.js";
import { startReconfigurableService } from "../parts/reconfigurable-service.js";
import { connectorTokens } from "../parts/tokens.js";

const files = { "tokens.yaml": connectorTokens({ limits: "limits-test-token" }) };
const config = (maxConnections: number) => ({
  listen: { host: "127.0.0.1", port: 0, maxConnections },
  admin: { port: 0 },
  auth: { connectorTokensFile: "tokens.yaml" },
  shutdown: { delay: "0s", timeout: "1s" },
});
const processes = [
  { name: "one process", args: [], each: 6 },
  { name: "two workers", args: ["--workers", "2"], each: 3 },
];
const close = (held: readonly HeldConnection[]) => held.map((each) => each.close());

/** What the log has told of refused connections. */
const refusedByLog = (service: IceService, text: RegExp) =>
  service
    .logs()
    .filter(({ msg }) => text.test(msg))
    .reduce((sum, { refused }) => sum + Number(refused), 0);
const refusedByMetrics = async (service: IceService, reason: string) =>
  (await scrape(service)).value("ice_connections_refused_total", { listener: "main", reason });

/** Of a process and its workers, in seconds (`proc(5)`; a tick of the clock is 10 ms on Linux). */
function readCpuSeconds(pid: number): number {
  const ticks = [pid, ...childPids(pid)].map((each) => {
    const fields = readFileSync(`/proc/${each}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / 100;
}

describe.each(processes)("listen.maxConnections with $name", ({ args, each }) => {
  it("admits as many as it says, and closes, counts, and logs the rest", async () => {
    const service = await startIceService({ args, files, config: config(each) });
    const held = await holdConnections(service.url, 6);
    expect(held).toHaveLength(6);
    expect(await holdConnections(service.url, 20)).toEqual([]);
    expect(await refusedByMetrics(service, "max_connections")).toBe(20);
    await expect.poll(() => refusedByLog(service, /^connections refused: as many/)).toBe(20);
    expect(service.logs().filter(({ msg }) => /refused/.test(msg)).length).toBeLessThan(6);
    expect(await Promise.all(held.map((connection) => connection.request()))).toEqual(
      held.map(() => 200),
    );
    held.pop()?.close();
    await expect
      .poll(async () => {
        const next = await holdConnection(service.url);
        next?.close();
        return next !== undefined;
      })
      .toBe(true);
    close(held);
    expect(await service.stop()).toBe(0);
  });

  it("logs all that it has refused, even when it stops before the next line is due", async () => {
    const service = await startIceService({ args, files, config: config(each) });
    const held = await holdConnections(service.url, 6);
    expect(await holdConnections(service.url, 76)).toEqual([]);
    close(held);
    expect(await service.stop()).toBe(0);
    expect(refusedByLog(service, /^connections refused: as many/)).toBe(76);
  });

  it("costs no CPU time while connections above the limit knock", async () => {
    const service = await startIceService({ args, files, config: config(each) });
    const measure = async () => {
      const before = readCpuSeconds(service.pid);
      await sleep(3_000);
      return readCpuSeconds(service.pid) - before;
    };
    const idle = await measure();
    const held = await holdConnections(service.url, 6);
    const refused = holdConnections(service.url, 4);
    const full = await measure();
    // A spin takes all that the machine has: 3 s or more.
    expect({ idle, full }).toEqual({
      idle: expect.toSatisfy((seconds: number) => seconds < 1),
      full: expect.toSatisfy((seconds: number) => seconds < 1),
    });
    expect(await refused).toEqual([]);
    close(held);
    expect(await service.stop()).toBe(0);
  });

  it("changes with a reload", async () => {
    const { service, configure, stop } = await startReconfigurableService(config(each), files, {
      args,
    });
    const held = await holdConnections(service.url, 6);
    await configure(config(each + 1));
    const more = args.length === 0 ? 1 : 2;
    // Workers follow the primary's log line.
    const added: HeldConnection[] = [];
    await expect
      .poll(async () => added.push(...(await holdConnections(service.url, 1))))
      .toBe(more);
    expect(await holdConnection(service.url)).toBe(undefined);
    close([...held, ...added]);
    expect(await stop()).toBe(0);
  });
});

it("a worker that hangs does not keep the others from refusing", async () => {
  const service = await startIceService({
    args: ["--workers", "2"],
    files,
    config: config(2),
  });
  const held = await holdConnections(service.url, 4);
  const [stuck = -1] = childPids(service.pid);
  process.kill(stuck, "SIGSTOP");
  // One stays on its way to the worker that hangs.
  const outcomes = { refused: 0 };
  const knocks = Array.from({ length: 10 }, async () => {
    expect(await holdConnection(service.url)).toBe(undefined);
    outcomes.refused += 1;
  });
  const before = readCpuSeconds(service.pid);
  await expect.poll(() => outcomes.refused).toBeGreaterThanOrEqual(9);
  expect(readCpuSeconds(service.pid) - before).toBeLessThan(1);
  process.kill(stuck, "SIGCONT");
  await Promise.all(knocks);
  close(held);
  expect(await service.stop()).toBe(0);
});
