import { readFileSync } from "node:fs";

/** What a descriptor is used for; it decides how much of the reserve it may take. */
export type Listener = "main" | "admin";

/** Kept for files, key fetches, probes, and Redis, even while clients take all that they can get. */
const minReserve = 16;
const maxReserve = 128;

/**
 * How many files, sockets included, this process may have open. At the limit, the kernel refuses
 * everything, and libuv closes new connections without a word to anybody. So this refuses
 * connections earlier, while there is still a reserve for the service itself.
 */
export class OpenFiles {
  /** From 1; Infinity where it is not known. */
  readonly limit: number;
  readonly #firstReserved: Readonly<Record<Listener, number>>;

  /** @param limit that of this process by default, which never changes while Node runs */
  constructor(limit = readOpenFileLimit()) {
    this.limit = limit;
    const reserve = Math.min(maxReserve, Math.max(minReserve, Math.floor(limit / 8)));
    this.#firstReserved = { main: limit - reserve, admin: limit - Math.floor(reserve / 2) };
  }

  /**
   * Whether a connection may stay. POSIX gives each new descriptor the lowest free number, so the
   * number itself shows how many are in use.
   * @param descriptor undefined where it is not known
   */
  hasRoomFor(descriptor: number | undefined, listener: Listener): boolean {
    return descriptor === undefined || descriptor < this.#firstReserved[listener];
  }

  /**
   * @param maxConnections of the main listener
   * @returns a warning when the limit is below it, or noticeably limits what it promises; else none
   */
  findWarnings(maxConnections: number): string[] {
    const usable = this.#firstReserved.main;
    return this.limit < maxConnections || usable < 0.9 * maxConnections
      ? [
          `listen.maxConnections is ${maxConnections}, but a process may open only ${this.limit} files, which is enough for fewer than ${usable} connections: raise the limit (LimitNOFILE in systemd, ulimit -n) or lower listen.maxConnections`,
        ]
      : [];
  }
}

/** The limit of this process (Linux). Node raises the soft limit to the hard one when it starts. */
function readOpenFileLimit(): number {
  let limits: string;
  try {
    limits = readFileSync("/proc/self/limits", "latin1");
  } catch {
    return Number.POSITIVE_INFINITY;
  }
  const [, softLimit] = /^Max open files +(\d+)/m.exec(limits) ?? [];
  return softLimit === undefined ? Number.POSITIVE_INFINITY : Number(softLimit);
}
