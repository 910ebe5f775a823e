import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BlindService, startBlindService } from "../parts/blind-service.js";

const lostLines = "ice_log_lines_lost_total";
const patience = { timeout: 20_000 };

async function expectService(service: BlindService): Promise<void> {
  const answers = await Promise.all(Array.from({ length: 20 }, () => service.call()));
  expect(answers).toEqual(Array(20).fill(200));
}

async function countLost(service: BlindService): Promise<number> {
  return (await service.scrape()).value(lostLines) ?? Number.NaN;
}

/** Every line of a log, each of which has to be JSON. */
function readLines(file: string): { msg: string; lostLines?: number }[] {
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Has the log on a disk of its own, which `filler` leaves almost no room on. */
const onSmallDisk = `mkdir disk; exec unshare --map-root-user --mount bash -c '
  mount -t tmpfs -o size=64k none disk && head -c 49152 /dev/zero >disk/filler && exec "$@" 2>>disk/log' bash "$@"`;

describe.each([1, 2])("with %i process(es) that serve, a log", (workers) => {
  it.each([
    ["on a full disk", `exec "$@" 2>/dev/full`],
    ["that may not grow any more", `ulimit -f 1; exec "$@" 2>log`],
    ["whose reader has gone", `exec "$@" 2> >(head -n 1)`],
  ])(
    "%s: calls are served, lost lines are counted, and a stop ends in time",
    async (_, shell) => {
      const service = await startBlindService({ shell, workers });
      try {
        await expectService(service);
        await expect.poll(() => countLost(service), patience).toBeGreaterThan(0);
        const before = await countLost(service);
        await expectService(service);
        await expect.poll(() => countLost(service), patience).toBeGreaterThanOrEqual(before + 20);
      } finally {
        expect(await service.stop()).toBe(0);
      }
    },
    60_000,
  );

  it("that nobody reads: calls are served, and a stop ends in time", async () => {
    const shell = `mkfifo pipe; exec 3<>pipe; exec "$@" 2>pipe`;
    const service = await startBlindService({ shell, workers, log: { level: "debug" } });
    try {
      // 64 KiB fit into the pipe.
      for (let round = 0; round < 25; round += 1) {
        await expectService(service);
      }
    } finally {
      expect(await service.stop()).toBe(0);
    }
  }, 60_000);

  it("whose disk has room again: goes on with whole lines, and says how many are missing", async () => {
    const service = await startBlindService({ shell: onSmallDisk, workers });
    const disk = join("/proc", String(service.pid), "root", service.directory, "disk");
    const log = join(disk, "log");
    try {
      await expect
        .poll(async () => {
          await expectService(service);
          return countLost(service);
        }, patience)
        .toBeGreaterThan(0);
      await rm(join(disk, "filler"));
      const told = () => readLines(log).reduce((sum, line) => sum + (line.lostLines ?? 0), 0);
      await expect.poll(async () => told() - (await countLost(service)), patience).toBe(0);
      const written = readLines(log).length;
      await expectService(service);
      await expect
        .poll(
          () =>
            readLines(log)
              .slice(written)
              .filter(({ msg }) => msg === "request").length,
          patience,
        )
        .toBe(20);
    } finally {
      expect(await service.stop()).toBe(0);
    }
  }, 60_000);
});
