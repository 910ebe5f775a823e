import type { Log } from "../log.js";
import type { ProbeCause, ProbeFailure } from "../probe/probe-failure.js";
import { probeFixes } from "../probe/probe-fix.js";
import { findOwner, type UrlGroup } from "../turn/url-group.js";
import { type GroupState, printGroup } from "./group-state.js";
import type { ProbeTarget } from "./probe-target.js";
import type { UrlHealth, UrlState } from "./url-health.js";

/** Where the lines go. */
export interface HealthLog extends Log {
  error(fields: object, message: string): void;
}

export interface EarlierHealth {
  readonly state: UrlState;
  readonly sinceMs: number;
  readonly failure: ProbeFailure | undefined;
}

/** What is said of a URL that is in use although a probe has failed, by the cause of that. */
const toleratedFailures: Partial<Record<ProbeCause, { level: "info" | "warn"; text: string }>> = {
  quota: {
    level: "warn",
    text: "a TURN server is full for the probe, and stays in use",
  },
  "relay-not-tested": { level: "info", text: "a relay cannot be tested from here" },
  "relay-unreachable": {
    level: "warn",
    text: "no packets have crossed a relay yet, at least from here; its URL stays in use",
  },
  "peer-denied": {
    level: "warn",
    text: "a TURN server does not relay to this machine; its URL stays in use",
  },
};

/**
 * Writes a line when a URL goes down, comes back, or begins to fail in a way that leaves it in use; none
 * when it is up at first.
 */
export function logUrlChange(
  log: HealthLog,
  { url: { text: url }, managed }: Pick<ProbeTarget, "url" | "managed">,
  before: EarlierHealth,
  now: UrlHealth,
): void {
  const { state, sinceMs, failure } = now;
  const named = { url, ...(managed !== undefined && { provider: managed }) };
  if (state === "down" && before.state !== "down") {
    log.warn({ ...named, ...explain(failure) }, "a URL is down and is left out of responses");
  } else if (state !== "down" && before.state === "down") {
    const downSeconds = Math.round((sinceMs - before.sinceMs) / 1000);
    log.info({ ...named, downSeconds }, "a URL is up again");
  }
  const tolerated = now.last?.works ? failure && toleratedFailures[failure.cause] : undefined;
  if (state !== "down" && tolerated && before.failure?.cause !== failure?.cause) {
    log[tolerated.level]({ ...named, ...explain(failure) }, tolerated.text);
  }
}

function explain(failure: ProbeFailure | undefined): object {
  return failure === undefined
    ? {}
    : { cause: failure.cause, detail: failure.detail, fix: probeFixes[failure.cause] };
}

/**
 * Logs a line for each group whose state differs from the one that was logged last.
 * @returns what has been logged by now
 */
export function logGroupChange(
  log: HealthLog,
  said: ReadonlyMap<string, GroupState>,
  states: ReadonlyMap<UrlGroup, GroupState>,
): ReadonlyMap<string, GroupState> {
  const saying = new Map<string, GroupState>();
  for (const [group, state] of states) {
    const name = printGroup(group);
    saying.set(name, state);
    if (state === (said.get(name) ?? "live")) {
      continue;
    }
    const urls = group.urls.map(({ text }) => text);
    if (state === "failing-open") {
      const fix = "If the servers work, look at the way from here to them: ice-service check";
      log.error({ group: name, urls, fix }, "all URLs are down: all of them are handed out");
    } else if (state === "replaced") {
      log.error({ group: name, urls }, explainReplacement(group, states));
    } else {
      log.info({ group: name }, "URLs that are up are handed out again");
    }
  }
  return saying;
}

function explainReplacement(group: UrlGroup, states: ReadonlyMap<UrlGroup, GroupState>): string {
  if (findOwner(group) !== undefined) {
    return "all URLs of a managed TURN provider are down: it is not used";
  }
  const hasLiveRegion = [...states].some(
    ([other, state]) => other.kind === "turn" && findOwner(other) === undefined && state === "live",
  );
  return hasLiveRegion
    ? "all URLs of a region are down: another region replaces it"
    : "all own TURN URLs are down: a managed TURN provider replaces them";
}
