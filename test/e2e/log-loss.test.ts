import { readFileSync } from "node:fs";
import { rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type BlindService, startBlindService } from "../parts/blind-service.js";
import { openRawConnection } from "../parts/raw-connection.js";

const lostLines = "ice_log_lines_lost_total";
const patience = { timeout: 20_000 };

async function expectService(service: BlindService): Promise<void> {
  const answers = await Promise.all(Array.from({ length: 20 }, () => service.call()));
  expect(answers).toEqual(Array(20).fill(200));
}

async function countLost(service: BlindService): Promise<number> {
  return (await service.scrape()).value(lostLines) ?? Number.NaN;
}

const logLineSchema = z.object({ msg: z.string(), lostLines: z.number().optional() });
type LogLine = z.infer<typeof logLineSchema>;

/**
 * The lines of a log, each of which has to be JSON.
 * @param maxCut how many lines may lack their beginning or end
 */
function readLines(file: string, maxCut: number): LogLine[] {
  let cut = 0;
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .flatMap((line) => {
      if (!(line.startsWith("{") && line.endsWith("}")) && cut < maxCut) {
        cut += 1;
        return [];
      }
      return [logLineSchema.parse(JSON.parse(line))];
    });
}

/** Has the log on a disk of its own, which `filler` leaves almost no room on. */
const onSmallDisk = `mkdir disk; exec unshare --map-root-user --mount bash -c '
  mount -t tmpfs -o size=64k none disk && head -c 49152 /dev/zero >disk/filler && exec "$@" 2>>disk/log' bash "$@"`;

describe.each([1, 2])("with %i process(es) that serve, a log", (workers) => {
  it.each([
    ["on a full disk", `exec "$@" 2>/dev/full`],
    ["that may not grow any more", `ulimit -f 1; exec "$@" 2>log`],
    ["whose reader has gone", `exec "$@" 2> >(head -n 1)`],
  ])("%s: calls are served, lost lines are counted, and a stop ends in time", async (_, shell) => {
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
  });

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
  });

  it.each<[what: string, makeRoom: (disk: string) => Promise<void>, maxCut: number]>([
    // One process always completes the line that it has begun. With several, another one may not
    // wait long enough for that.
    ["another file is removed", (disk) => rm(join(disk, "filler")), workers - 1],
    // And nobody can know that the log is emptied just as the rest of a line is written.
    ["it is emptied", (disk) => truncate(join(disk, "log")), workers],
  ])(
    "whose disk has room again as %s: goes on, and says how much is missing",
    async (_, makeRoom, maxCut) => {
      const service = await startBlindService({ shell: onSmallDisk, workers });
      const disk = join("/proc", String(service.pid), "root", service.directory, "disk");
      const read = () => readLines(join(disk, "log"), maxCut);
      try {
        await expect
          .poll(async () => {
            await expectService(service);
            return countLost(service);
          }, patience)
          .toBeGreaterThan(0);
        await makeRoom(disk);
        const reported = () => read().reduce((sum, line) => sum + (line.lostLines ?? 0), 0);
        await expect.poll(async () => reported() - (await countLost(service)), patience).toBe(0);
        const before = read().length;
        await expectService(service);
        const requests = () =>
          read()
            .slice(before)
            .filter(({ msg }) => msg === "request");
        await expect.poll(() => requests().length, patience).toBe(20);
      } finally {
        expect(await service.stop()).toBe(0);
      }
    },
  );
});

describe.each([1, 2])("with %i process(es) that serve, a log in a file", (workers) => {
  it("has a line for each request of a burst", async () => {
    const service = await startBlindService({ shell: `exec "$@" 2>>log`, workers });
    const perConnection = 1_500;
    const burst = async () => {
      const { socket, received } = await openRawConnection(service.port);
      socket.write("GET /api/v1/ice-servers HTTP/1.1\r\nHost: x\r\n\r\n".repeat(perConnection));
      await expect
        .poll(() => received().split("HTTP/1.1 401").length - 1, patience)
        .toBe(perConnection);
      socket.destroy();
    };
    try {
      await Promise.all(Array.from({ length: 10 }, burst));
      const log = join(service.directory, "log");
      const requests = () => readLines(log, 0).filter(({ msg }) => msg === "request").length;
      await expect.poll(requests, patience).toBe(10 * perConnection);
      expect(await countLost(service)).toBe(0);
    } finally {
      expect(await service.stop()).toBe(0);
    }
  });
});
