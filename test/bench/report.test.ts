import { describe, expect, it } from "vitest";
import { completeRow, missingRow } from "../../bench/report/row.js";
import { formatRows } from "../../bench/report/row-table.js";
import { divideEach, median, percentile } from "../../bench/report/statistics.js";
import { judge } from "../../bench/report/target.js";
import { formatTable } from "../../src/cli/table.js";

const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1).reverse();

describe("median", () => {
  it.each([
    [[7], 7],
    [[9, 1, 5], 5],
    [[10, 2, 4, 100], 7],
  ])("of %j is %d", (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it("of nothing does not exist", () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

describe("percentile", () => {
  it.each([
    [0.5, 100, 50],
    [0.99, 100, 99],
    [0.999, 1000, 999],
    [0.999, 100, 100],
    [1, 3, 3],
  ])("%d of 1 to %d is %d", (share, count, expected) => {
    expect(percentile(oneTo(count), share)).toBe(expected);
  });
});

describe("divideEach", () => {
  it("divides round by round", () => {
    expect(divideEach([10, 30], [5, 10])).toEqual([2, 3]);
    expect(divideEach([10, 30, 50], [5, 10])).toEqual([2, 3]);
    expect(divideEach([10, 30], [5, 10, 20])).toEqual([2, 3]);
  });
});

describe("judge", () => {
  it.each([
    [">=", 0.7, "met"],
    ["<=", 0.7, "met"],
    ["<", 0.7, "missed"],
    [">=", 0.71, "missed"],
  ] as const)("%s %d with a median of 0.7: %s", (relation, value, verdict) => {
    expect(judge({ of: "ratio", relation, value }, [0.9, 0.7, 0.1])).toBe(verdict);
  });
});

describe("completeRow", () => {
  const title = { name: "REST", comparedWith: "bare", unit: "calls/s" } as const;
  const figures = { ...title, ours: [60], theirs: [100], cpuRatios: [0.8] };

  it.each([
    ["cpuRatio", 0.8, "met"],
    ["cpuRatio", 0.81, "missed"],
    ["ratio", 0.6, "met"],
    ["ratio", 0.61, "missed"],
    ["ours", 60, "met"],
    ["ours", 61, "missed"],
  ] as const)("judges %s: at least %d is %s", (of, value, verdict) => {
    const row = completeRow({ ...figures, target: { of, relation: ">=", value } });
    expect(row.verdict).toBe(verdict);
  });
});

describe("formatTable", () => {
  it("aligns columns, takes no width for colours, and leaves no blanks at the end", () => {
    const columns = [
      { title: "name", align: "left" },
      { title: "n", align: "right" },
      { title: "", align: "left" },
    ] as const;
    const red = "\u001b[31mred\u001b[39m";
    expect(formatTable(columns, [["a", "1", red], [red, "10", "x"], ["long name"]])).toBe(
      ["name        n", `a           1  ${red}`, `${red}        10  x`, "long name"].join("\n"),
    );
  });
});

describe("formatRows", () => {
  const title = { name: "REST", comparedWith: "bare", unit: "calls/s" } as const;
  const target = { of: "ratio", relation: ">=", value: 0.7, aim: 0.85 } as const;

  it("shows medians, the spread of the ratios, and the verdict", () => {
    const row = completeRow({
      ...title,
      target,
      ours: [600, 1500, 900],
      theirs: [1000, 1000, 1000],
    });
    const [, line = ""] = formatRows([row], false).split("\n");
    expect(line.split(/ {2,}/)).toEqual([
      "REST",
      "bare",
      "900/s",
      "1,000/s",
      "0.90",
      "0.60..1.50",
      ">= 0.70 (aim 0.85)",
      "met",
    ]);
  });

  it("says which targets are for CPU time", () => {
    const byCpu = { ...target, of: "cpuRatio" } as const;
    const row = completeRow({ ...title, target: byCpu, ours: [6], theirs: [10], cpuRatios: [0.8] });
    const [, line = ""] = formatRows([row], false).split("\n");
    expect(line.split(/ {2,}/).slice(4)).toEqual([
      "0.60",
      "0.80",
      ">= 0.70 by CPU (aim 0.85)",
      "met",
    ]);
  });

  it("says why a target is not judged, or not measured", () => {
    const rows = [
      completeRow({ ...title, target, ours: [1], theirs: [2] }, "2 cores"),
      missingRow({ ...title, target }, "no such option"),
    ];
    expect(rows.map(({ verdict }) => verdict)).toEqual([undefined, undefined]);
    const text = formatRows(rows, false);
    expect(text).toContain("not judged: 2 cores");
    expect(text).toContain("not available: no such option");
  });
});
