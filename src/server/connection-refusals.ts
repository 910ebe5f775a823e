import type { Guard } from "../http/guard.js";
import type { Logger } from "../observability/logger.js";
import { describeCounter, type Metric } from "../observability/metric.js";
import type { Listener } from "./open-files.js";
import { PacedCount } from "./paced-count.js";

const messages = {
  max_connections: "connections refused: as many as allowed are open",
  open_files: "connections refused: the limit of open files is reached",
  accept_failed: "connections lost: the system could not accept them",
  proxy_header: "connections closed: they did not begin with a PROXY protocol header",
} as const;
const fixes: Partial<Record<RefusalReason, string>> = {
  max_connections: "Raise listen.maxConnections, or add instances",
  open_files: "Raise the limit (LimitNOFILE in systemd, ulimit -n), or add instances",
  proxy_header:
    "List only load balancers in listen.proxyProtocolFrom, and let them send the header (HAProxy: send-proxy-v2). Send probes to the admin port",
};

/**
 * `max_connections`: the configured limit (`admin`: 32). `open_files`: the open-file limit of the
 * process. `accept_failed`: the system returned an error. `proxy_header` (`main` only): no valid PROXY
 * protocol header came in time.
 */
export type RefusalReason = keyof typeof messages;

const reasons: Readonly<Record<Listener, readonly RefusalReason[]>> = {
  main: ["max_connections", "open_files", "accept_failed", "proxy_header"],
  admin: ["max_connections", "open_files", "accept_failed"],
};

interface Count {
  readonly listener: Listener;
  readonly reason: RefusalReason;
  readonly refused: PacedCount;
}

/** Counts the connections that this process refuses, and logs them, but not one by one. */
export class ConnectionRefusals {
  readonly #counts: readonly Count[];

  constructor(log: Pick<Logger, "warn">, guard: Guard) {
    this.#counts = (["main", "admin"] as const).flatMap((listener) =>
      reasons[listener].map((reason) => {
        // The limit of the admin listener is fixed.
        const fix = listener === "main" ? fixes[reason] : undefined;
        const write = (refused: number) =>
          log.warn({ listener, refused, ...(fix !== undefined && { fix }) }, messages[reason]);
        return { listener, reason, refused: new PacedCount(write, guard) };
      }),
    );
  }

  add(listener: Listener, reason: RefusalReason): void {
    for (const count of this.#counts) {
      if (count.listener === listener && count.reason === reason) {
        count.refused.add();
      }
    }
  }

  /** Logs those that have not been logged yet. */
  flush(): void {
    for (const { refused } of this.#counts) {
      refused.flush();
    }
  }

  describe(): Metric[] {
    return [
      describeCounter(
        "ice_connections_refused_total",
        "Connections refused, by listener (main, admin) and reason.",
        this.#counts.map(({ listener, reason, refused }) => ({
          labels: { listener, reason },
          value: refused.total,
        })),
      ),
    ];
  }
}
