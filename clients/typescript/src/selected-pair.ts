/** What the library reads of an RTCStats dictionary (W3C webrtc-stats). */
interface Stats {
  readonly id: string;
  readonly type: string;
  readonly selectedCandidatePairId?: string;
  /** Firefox says so here. */
  readonly selected?: boolean;
  readonly nominated?: boolean;
  readonly state?: string;
  readonly localCandidateId?: string;
  readonly remoteCandidateId?: string;
  readonly candidateType?: string;
}

/** An RTCStatsReport. */
export interface StatsReport {
  forEach(take: (stats: Stats) => void): void;
}

/** Whether the connection sends through a TURN server, of this side or of the other. */
export function isRelayed(report: StatsReport): boolean {
  const all = new Map<string | undefined, Stats>();
  report.forEach((stats) => {
    all.set(stats.id, stats);
  });
  for (const stats of all.values()) {
    const pair = findSelected(stats, all);
    const ends = [all.get(pair?.localCandidateId), all.get(pair?.remoteCandidateId)];
    if (ends.some((end) => end?.candidateType === "relay")) {
      return true;
    }
  }
  return false;
}

function findSelected(stats: Stats, all: ReadonlyMap<string | undefined, Stats>) {
  if (stats.type === "transport") {
    return all.get(stats.selectedCandidatePairId);
  }
  const isSelected =
    stats.type === "candidate-pair" && (stats.selected ?? stats.nominated) === true;
  return isSelected && stats.state === "succeeded" ? stats : undefined;
}
