import { styleText } from "node:util";
import { type Column, formatTable } from "../../src/cli/table.js";
import type { Row, Unit } from "./row.js";
import { median } from "./statistics.js";
import type { Target } from "./target.js";

const columns: readonly Column[] = [
  { title: "ice-service", align: "left" },
  { title: "compared with", align: "left" },
  { title: "ours", align: "right" },
  { title: "theirs", align: "right" },
  { title: "ratio", align: "right" },
  { title: "min..max", align: "right" },
  { title: "by CPU", align: "right" },
  { title: "target", align: "left" },
  { title: "", align: "left" },
];

/**
 * The table of all rows: medians over the rounds, and the least and the largest ratio. "By CPU" is the
 * ratio of CPU time, which suffers less from what else the machine does.
 *
 * @param colours whether verdicts are coloured, as on a terminal
 */
export function formatRows(rows: readonly Row[], colours: boolean): string {
  return formatTable(
    columns,
    rows.map((row) => [
      row.name,
      row.comparedWith,
      formatMedian(row.ours, row.unit),
      formatMedian(row.theirs, row.unit),
      row.ratios.length === 0 ? "" : median(row.ratios).toFixed(2),
      row.ratios.length < 2 ? "" : formatSpread(row.ratios),
      row.cpuRatios === undefined ? "" : median(row.cpuRatios).toFixed(2),
      row.target === undefined ? "" : formatTarget(row.target, row.unit),
      formatOutcome(row, colours),
    ]),
  );
}

function formatMedian(figures: readonly number[], unit: Unit): string {
  if (figures.length === 0) {
    return "";
  }
  const figure = median(figures);
  switch (unit) {
    case "calls/s":
      return `${Math.round(figure).toLocaleString("en")}/s`;
    case "µs/call":
      return `${figure.toFixed(1)} µs`;
    case "ms":
      return `${figure.toFixed(figure < 100 ? 2 : 0)} ms`;
    case "MB":
    case "KB":
      return `${figure.toFixed(1)} ${unit}`;
  }
}

function formatSpread(ratios: readonly number[]): string {
  return `${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}`;
}

function formatTarget({ of, relation, value, aim }: Target, unit: Unit): string {
  const line = of === "ours" ? `${value} ${unit}` : value.toFixed(2);
  const judged = of === "cpuRatio" ? " by CPU" : "";
  return `${relation} ${line}${judged}${aim === undefined ? "" : ` (aim ${aim.toFixed(2)})`}`;
}

function formatOutcome({ verdict, note = "" }: Row, colours: boolean): string {
  if (verdict === undefined) {
    return note;
  }
  return colours ? styleText(verdict === "met" ? "green" : "red", verdict) : verdict;
}
