import type { DiagLogger } from "@opentelemetry/api";
import { type Clock, hasPassed } from "../clock.js";
import type { Log } from "../log.js";

const intervalMs = 60_000;

/** Receives the problems that OpenTelemetry's library reports. */
export interface DiagnosticLog {
  readonly logger: DiagLogger;
  /**
   * From now on at most one line a minute. During the start, each line was about something else.
   */
  limit(): void;
}

export function createDiagnosticLog(log: Log, clock: Clock): DiagnosticLog {
  let limited = false;
  let toldAtMs: number | undefined;

  function tell(message: string): void {
    const nowMs = clock();
    if (!limited || toldAtMs === undefined || hasPassed(intervalMs, toldAtMs, nowMs)) {
      toldAtMs = limited ? nowMs : undefined;
      // The rest of the message can contain anything. URLs may contain a password.
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
