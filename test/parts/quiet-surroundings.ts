import pino from "pino";
import type { Clock } from "../../src/clock.js";
import { createProcessParts } from "../../src/compose/process-parts.js";
import type { Surroundings } from "../../src/compose.js";
import { DownUrls } from "../../src/health/down-urls.js";
import { createOutgoingHttp } from "../../src/outgoing/outgoing-http.js";
import { ManagedStates } from "../../src/turn/managed/managed-states.js";

/** For a service in the test's own process, whose log is not read. */
export function createQuietSurroundings(clock: Clock): Surroundings {
  const log = pino({ level: "silent" });
  const parts = createProcessParts({ log, requestLog() {}, describeLog: () => [] });
  const outgoing = createOutgoingHttp({});
  const managedStates = new ManagedStates();
  return { ...parts, clock, downUrls: new DownUrls(), managedStates, outgoing };
}
