import { describe, expect, it } from "vitest";
import { parseDuration, printDuration } from "../../src/config/duration.js";

describe("parseDuration", () => {
  it.each([
    ["24h", 86_400],
    ["90m", 5_400],
    ["3600s", 3_600],
    ["1d", 86_400],
    ["1h30m", 5_400],
    ["0s", 0],
  ])("reads %s", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(["", "3600", "h", "1w", "1.5h", "-1s", "1m1h", " 1s", "1 s"])("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe("printDuration", () => {
  it.each([
    [86_400, "24h"],
    [5_400, "90m"],
    [90, "90s"],
    [0, "0s"],
  ])("prints %s", (seconds, text) => {
    expect(printDuration(seconds)).toBe(text);
  });
});
