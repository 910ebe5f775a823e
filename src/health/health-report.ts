import type { ProbeCause } from "../probe/probe-failure.js";
import { canProbe } from "../probe/server-address.js";
import { findOwner, listKeyedUrls, type UrlGroup } from "../turn/url-group.js";
import type { GroupState } from "./group-state.js";
import type { UrlHealth, UrlState } from "./url-health.js";

/** What `GET /health/turn` answers. */
export interface HealthReport {
  /** Whether URLs are probed at all. */
  readonly probing: boolean;
  readonly groups: readonly {
    readonly kind: UrlGroup["kind"];
    readonly region?: string;
    /** The managed provider whose URLs these are. */
    readonly provider?: string;
    readonly state: GroupState;
    readonly urls: readonly UrlReport[];
  }[];
}

export interface UrlReport {
  readonly url: string;
  readonly state: UrlState | "not-probed";
  /** ISO 8601, as the other times. */
  readonly since?: string;
  readonly lastProbe?: string;
  /** What the last probe found wrong. */
  readonly lastCause?: ProbeCause;
  readonly lastDetail?: string;
  readonly roundTripMs?: number;
  /** Present once packets from outside have crossed its relay. */
  readonly relayProven?: true;
}

/** @param health by key */
export function describeHealth(
  groups: readonly UrlGroup[],
  health: ReadonlyMap<string, UrlHealth>,
  states: ReadonlyMap<UrlGroup, GroupState>,
): HealthReport {
  return {
    probing: groups.length > 0,
    groups: groups.map((group) => {
      const provider = findOwner(group);
      return {
        kind: group.kind,
        ...(group.region !== "" && { region: group.region }),
        ...(provider !== undefined && { provider }),
        state: states.get(group) ?? "live",
        urls: listKeyedUrls(group).map(({ url, key }) => {
          const known = health.get(key);
          return known === undefined || !canProbe(url)
            ? { url: url.text, state: "not-probed" }
            : describeUrl(url.text, known);
        }),
      };
    }),
  };
}

/** The managed providers whose servers all reject their credential, as far as they are probed. */
export function listRejected({ groups }: HealthReport): readonly string[] {
  return groups.flatMap(({ provider, urls }) => {
    const probed = urls.filter(({ state }) => state !== "not-probed");
    const isRejected = probed.every(
      ({ state, lastCause }) => state === "down" && lastCause === "wrong-secret",
    );
    return provider !== undefined && probed.length > 0 && isRejected ? [provider] : [];
  });
}

function describeUrl(url: string, { state, sinceMs, last, relayProven }: UrlHealth): UrlReport {
  return {
    url,
    state,
    since: new Date(sinceMs).toISOString(),
    ...(last !== undefined && { lastProbe: new Date(last.atMs).toISOString() }),
    ...(last?.failure && { lastCause: last.failure.cause, lastDetail: last.failure.detail }),
    ...(relayProven && { relayProven }),
    ...(last?.roundTripMs !== undefined && { roundTripMs: Math.round(last.roundTripMs * 10) / 10 }),
  };
}
