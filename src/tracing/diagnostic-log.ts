import type { DiagLogger } from "@opentelemetry/api";
import { type Clock, hasPassed } from "../clock.js";
import type { Log } from "../log.js";

const intervalMs = 60_000;

/** Where OpenTelemetry's library reports trouble. */
export interface DiagnosticLog {
  readonly logger: DiagLogger;
  /** From now on at most one line a minute: the start is over, where each line says something else. */
  limit(): void;
}

export function createDiagnosticLog(log: Log, clock: Clock): DiagnosticLog {
  let limited = false;
  let toldAtMs: number | undefined;

  function tell(message: string): void {
    const nowMs = clock();
    if (!limited || toldAtMs === undefined || hasPassed(intervalMs, toldAtMs, nowMs)) {
      toldAtMs = limited ? nowMs : undefined;
      // What follows the message can be anything. URLs may name a user with a password.
      log.warn({ problem: message.replace(/\/\/[^/\s]*@/g, "//…@") }, "OpenTelemetry");
    }
  }
  const ignore = () => {};
  return {
    logger: { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
    limit() {
      limited = true;
    },
  };
}
