import { describe, expect, it } from "vitest";
import { duration } from "../../src/config/duration.js";
import { key } from "../../src/config/key.js";
import type { Kind } from "../../src/config/kind.js";
import {
  choice,
  fraction,
  port,
  text,
  trueOrFalse,
  wholeNumber,
} from "../../src/config/scalars.js";
import { section } from "../../src/config/section.js";
import { findProblems, load } from "./load-declared.js";

const declare = (kind: Kind, usual: unknown) =>
  section({ value: key(kind, { help: "A key.", default: usual, variable: "ICE_KEY" }) });

const kinds = {
  text: declare(text({ maxLength: 3 }), "a"),
  choice: declare(choice("low", "high"), "low"),
  trueOrFalse: declare(trueOrFalse, true),
  wholeNumber: declare(wholeNumber(1, 9), 1),
  fraction: declare(fraction, 0.5),
  port: declare(port, 80),
  duration: declare(duration({ min: "1s", max: "1h", fix: "Write 5s" }), "1s"),
};

describe("kinds of scalars", () => {
  it.each<[keyof typeof kinds, written: unknown, inVariable: string]>([
    ["text", "abc", "abc"],
    ["choice", "high", "high"],
    ["trueOrFalse", false, "false"],
    ["wholeNumber", 9, "9"],
    ["fraction", 0.25, "0.25"],
    ["port", 65_535, "65535"],
    ["duration", "90s", "90s"],
  ])(
    "%s reads %j from the file and from a variable, and prints it again",
    (name, written, text) => {
      const root = kinds[name];
      expect(root.describe(load(root, { value: written }).config)).toEqual({ value: written });
      expect(root.describe(load(root, {}, { ICE_KEY: text }).config)).toEqual({ value: written });
    },
  );

  it.each<[keyof typeof kinds, unknown, string]>([
    ["text", "", "is empty. See value in config-sample.yaml"],
    ["text", "abcd", "is longer than 3 characters. See value in config-sample.yaml"],
    ["choice", "hihg", '"hihg" is not a known value. Did you mean high?'],
    ["trueOrFalse", "yes", '"yes" is not true or false. See value in config-sample.yaml'],
    ["wholeNumber", 1.5, "1.5 is not a whole number. Write a whole number from 1 to 9"],
    ["wholeNumber", 10, "10 is out of range (1 to 9). Write a whole number from 1 to 9"],
    ["fraction", 1.5, "1.5 is out of range (0 to 1). Write 0.5, for example"],
    ["fraction", "x", '"x" is not a number. See value in config-sample.yaml'],
    ["port", "http", '"http" is not a number. Write a whole number from 0 to 65535'],
    ["port", 65_536, "65536 is out of range (0 to 65535). Write a whole number from 0 to 65535"],
    ["duration", 60, "60 is not a duration. Write 60s"],
    ["duration", "soon", '"soon" is not a duration. Write 24h, 90m or 3600s'],
    ["duration", "2h", "is not between 1s and 1h. Write 5s"],
  ])("%s refuses %j", (name, written, problem) => {
    const root = kinds[name];
    expect(findProblems(root, { value: written })).toEqual([`value: ${problem}`]);
  });
});
