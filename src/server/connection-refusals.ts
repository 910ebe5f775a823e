import { type StartTimer, systemTimer } from "../clock.js";
import { endNothing, type Guard } from "../http/guard.js";
import type { Logger } from "../observability/logger.js";
import { describeCounter, type Metric } from "../observability/metric.js";
import type { Listener } from "./open-files.js";

const messages = {
  max_connections: "connections refused: as many as allowed are open",
  open_files: "connections refused: the limit of open files is reached",
  accept_failed: "connections lost: the system could not accept them",
} as const;
const fixes: Partial<Record<RefusalReason, string>> = {
  max_connections: "Raise listen.maxConnections, or add instances",
  open_files: "Raise the limit (LimitNOFILE in systemd, ulimit -n), or add instances",
};

/**
 * `max_connections`: the configured limit (`admin`: 32). `open_files`: the open-file limit of the
 * process. `accept_failed`: the system returned an error.
 */
export type RefusalReason = keyof typeof messages;

/** Between two lines of the log for the same reason. */
const logIntervalMs = 10_000;

interface Count {
  readonly listener: Listener;
  readonly reason: RefusalReason;
  total: number;
  /** Since the last line of the log; undefined when that was long ago. */
  unlogged: number | undefined;
}

/** Counts the connections that this process refuses, and logs them, but not one by one. */
export class ConnectionRefusals {
  readonly #log: Pick<Logger, "warn">;
  readonly #guard: Guard;
  readonly #startTimer: StartTimer;
  readonly #counts: readonly Count[];

  constructor(log: Pick<Logger, "warn">, guard: Guard, startTimer: StartTimer = systemTimer) {
    this.#log = log;
    this.#guard = guard;
    this.#startTimer = startTimer;
    const reasons = ["max_connections", "open_files", "accept_failed"] as const;
    this.#counts = (["main", "admin"] as const).flatMap((listener) =>
      reasons.map((reason) => ({ listener, reason, total: 0, unlogged: undefined })),
    );
  }

  add(listener: Listener, reason: RefusalReason): void {
    for (const count of this.#counts) {
      if (count.listener === listener && count.reason === reason) {
        count.total += 1;
        if (count.unlogged === undefined) {
          this.#write(count, 1);
        } else {
          count.unlogged += 1;
        }
      }
    }
  }

  describe(): Metric[] {
    return [
      describeCounter(
        "ice_connections_refused_total",
        "Connections refused, by listener (main, admin) and reason.",
        this.#counts.map(({ listener, reason, total }) => ({
          labels: { listener, reason },
          value: total,
        })),
      ),
    ];
  }

  /** Logs those that wait for the end of their interval: at the end of the process, nobody else will. */
  flush(): void {
    for (const count of this.#counts) {
      const refused = count.unlogged ?? 0;
      if (refused > 0) {
        this.#report(count, refused);
        count.unlogged = 0;
      }
    }
  }

  /** Logs a first one at once, and those that follow once per interval. */
  #write(count: Count, refused: number): void {
    count.unlogged = 0;
    const writeNext = this.#guard.wrap(() => {
      const next = count.unlogged ?? 0;
      count.unlogged = undefined;
      if (next > 0) {
        this.#write(count, next);
      }
    }, endNothing);
    this.#startTimer(writeNext, logIntervalMs);
    this.#report(count, refused);
  }

  #report({ listener, reason }: Count, refused: number): void {
    // The limit of the admin listener is fixed.
    const fix = listener === "main" ? fixes[reason] : undefined;
    this.#log.warn({ listener, refused, ...(fix !== undefined && { fix }) }, messages[reason]);
  }
}
