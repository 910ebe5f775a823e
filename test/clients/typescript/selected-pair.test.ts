import { describe, expect, it } from "vitest";
import { isRelayed } from "../../../clients/typescript/src/selected-pair.js";

const candidates = (local: string, remote: string) => [
  { id: "L", type: "local-candidate", candidateType: local },
  { id: "R", type: "remote-candidate", candidateType: remote },
];
const pair = { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R" };
const chromium = [
  { id: "T", type: "transport", selectedCandidatePairId: "P" },
  { ...pair, state: "succeeded", nominated: true },
];
/** Firefox has no transport stats. */
const firefox = [{ ...pair, state: "succeeded", nominated: true, selected: true }];

describe("isRelayed", () => {
  it.each([
    ["a relay of this side, in Chromium", [...chromium, ...candidates("relay", "host")], true],
    [
      "a relay of the other side, in Chromium",
      [...chromium, ...candidates("srflx", "relay")],
      true,
    ],
    ["a direct call in Chromium", [...chromium, ...candidates("host", "prflx")], false],
    ["a relay of this side, in Firefox", [...firefox, ...candidates("relay", "host")], true],
    ["a direct call in Firefox", [...firefox, ...candidates("host", "srflx")], false],
    ["a relay that is not used", [pair, ...candidates("relay", "host")], false],
    [
      "a pair that is no longer selected",
      [
        { ...pair, state: "succeeded", nominated: true, selected: false },
        ...candidates("relay", "host"),
      ],
      false,
    ],
    ["a connection without a pair", [{ id: "T", type: "transport" }], false],
  ])("recognizes %s", (_, stats, relayed) => {
    expect(isRelayed(stats)).toBe(relayed);
  });
});
