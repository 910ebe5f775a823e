import { describe, expect, it } from "vitest";
import { describeCaller } from "../../src/authentication/caller.js";

describe("describeCaller", () => {
  it.each([
    ["alice", "alice"],
    ["Zoë, 名前", "Zoë, 名前"],
    // A control sequence introducer in one character, and a line separator.
    ["a\u009b31mb", "a\\u009b31mb"],
    ["a\u2028b\u007f", "a\\u2028b\\u007f"],
  ])("names %j as %j", (subject, name) => {
    expect(describeCaller({ kind: "connector", subject })).toEqual({ kind: "connector", name });
  });
});
