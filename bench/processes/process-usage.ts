import { readdirSync, readFileSync } from "node:fs";

/** What Linux counts CPU time in, on every architecture that Node runs on. */
const ticksPerSecond = 100;
const bytesPerKiB = 1024;

/** CPU seconds that a process and its children have used, user and system together. */
export function readCpuSeconds(pid: number): number {
  return sum(pid, (member) => parseCpuSeconds(`/proc/${member}/stat`));
}

/**
 * CPU seconds that each thread of a process has used, by the ID of the thread. In nanoseconds, unlike the
 * figures of processes: a few ticks would be too coarse.
 */
export function readThreadSeconds(pid: number): ReadonlyMap<string, number> {
  const directory = `/proc/${pid}/task`;
  const seconds = new Map<string, number>();
  for (const thread of readdirSync(directory)) {
    try {
      const [nanoseconds] = readFileSync(`${directory}/${thread}/schedstat`, "utf8").split(" ");
      seconds.set(thread, Number(nanoseconds) / 1e9);
    } catch {
      // It has ended meanwhile.
    }
  }
  return seconds;
}

function parseCpuSeconds(file: string): number {
  const stat = readFileSync(file, "utf8");
  // The name in parentheses may hold spaces. The third field is the first one behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [userTicks, systemTicks] = fields.slice(11, 13).map(Number);
  return ((userTicks ?? 0) + (systemTicks ?? 0)) / ticksPerSecond;
}

/** Resident memory in bytes of a process and its children. Pages that they share count for each. */
export function readMemoryBytes(pid: number): number {
  return sum(pid, (member) => {
    const status = readFileSync(`/proc/${member}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * bytesPerKiB;
  });
}

function sum(pid: number, read: (pid: number) => number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return children
    .split(" ")
    .filter((child) => child !== "")
    .reduce((total, child) => total + sum(Number(child), read), read(pid));
}
