import { divideEach } from "./statistics.js";
import { judge, type Target, type Verdict } from "./target.js";

/** What the figures of a row count. */
export type Unit = "calls/s" | "µs/call" | "ms" | "MB" | "KB";

/** One line of the table. */
export interface Row {
  /** What was done with the service. */
  readonly name: string;
  /** What the same was done with. */
  readonly comparedWith: string;
  readonly unit: Unit;
  /** One figure a round. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly ratios: readonly number[];
  /** The same ratios from the CPU time that the servers used for a call, where that is known. */
  readonly cpuRatios?: readonly number[];
  readonly target?: Target;
  readonly verdict?: Verdict;
  /** Why there is no figure or no verdict. */
  readonly note?: string;
}

export type RowFigures = Omit<Row, "ratios" | "verdict" | "note">;

/** A row before it is measured. */
export type RowTitle = Omit<RowFigures, "ours" | "theirs" | "cpuRatios">;

/**
 * A row with its ratios and its verdict.
 *
 * @param notJudged why the target does not count on this machine
 */
export function completeRow(figures: RowFigures, notJudged?: string): Row {
  const { ours, theirs, cpuRatios = [], target } = figures;
  const ratios = theirs.length === 0 ? [] : divideEach(ours, theirs);
  if (target === undefined) {
    return { ...figures, ratios };
  }
  const judged = { cpuRatio: cpuRatios, ratio: ratios, ours }[target.of];
  return notJudged === undefined
    ? { ...figures, ratios, verdict: judge(target, judged) }
    : { ...figures, ratios, note: `not judged: ${notJudged}` };
}

/** A row whose figures cannot be had here. */
export function missingRow(figures: RowTitle, why: string): Row {
  return { ...figures, ours: [], theirs: [], ratios: [], note: `not available: ${why}` };
}
