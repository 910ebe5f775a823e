import { median } from "./statistics.js";

/** A line that the service must not fall behind. */
export interface Target {
  /** What is judged: the ratio of CPU time per call, the ratio of the figures, or our own figure. */
  readonly of: "cpuRatio" | "ratio" | "ours";
  readonly relation: ">=" | "<=" | "<";
  readonly value: number;
  /** What we would like beyond it; never judged. */
  readonly aim?: number;
}

export type Verdict = "met" | "missed";

/** Judges the median of the figures, one a round. */
export function judge({ relation, value }: Target, figures: readonly number[]): Verdict {
  const figure = median(figures);
  const isMet = {
    ">=": figure >= value,
    "<=": figure <= value,
    "<": figure < value,
  }[relation];
  return isMet ? "met" : "missed";
}
