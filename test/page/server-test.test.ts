import { describe, expect, it } from "vitest";
import type { Candidate } from "../../page/candidate-gathering.js";
import { readIceUrl } from "../../page/ice-url.js";
import { explainFailure, explainSilence } from "../../page/server-test.js";

const host = (address: string): Candidate => ({
  ...{ type: "host", address, port: 1, protocol: "udp", url: "", atMs: 1 },
});
const hidden = host("6dfcb0f9-86b8-41bb-9192-22e013b2d220.local");

describe("explainSilence", () => {
  it.each<[url: string, candidates: Candidate[], cause: string | undefined]>([
    // A browser that hides its addresses names the public one, even if it is its own.
    ["stun:a.test", [hidden], "not-used"],
    ["stun:a.test", [], "not-used"],
    ["stun:a.test", [hidden, host("11.0.1.2")], undefined],
    ["stun:11.0.0.10", [host("11.0.1.2")], undefined],
    ["stun:[2a00:1::10]", [host("11.0.1.2")], "not-used"],
    ["stun:[2a00:1::10]", [host("11.0.1.2"), host("2a00:1:1::2")], undefined],
    ["turn:a.test", [host("11.0.1.2")], "not-used"],
    ["turns:a.test", [host("11.0.1.2")], "tls-failed"],
    ["turns:a.test?transport=udp", [], "not-used"],
    ["turns:11.0.0.10", [], "not-used"],
  ])("%s, %j: %s", (url, candidates, cause) => {
    expect(explainSilence(readIceUrl(url), candidates)?.name).toBe(cause);
  });
});

describe("explainFailure", () => {
  it.each<[candidates: Candidate[], codes: number[], cause: string]>([
    [[], [], "no-network"],
    [[], [701], "no-network"],
    [[hidden], [701], "time-out"],
    // The answer says more.
    [[], [701, 401], "wrong-secret"],
  ])("%j, %j: %s", (candidates, codes, cause) => {
    const errors = codes.map((code) => ({ code, text: "" }));
    const gathering = { candidates, errors, isComplete: true, durationMs: 12_000 };
    expect(explainFailure(readIceUrl("turn:a.test"), gathering).name).toBe(cause);
  });
});
