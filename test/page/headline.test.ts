import { describe, expect, it } from "vitest";
import { findCause } from "../../page/causes.js";
import type { UrlResult } from "../../page/diagnosis.js";
import { summarize } from "../../page/headline.js";
import { createRelay, createUrlResult } from "./url-result.js";

const stun = createUrlResult("stun:a.test");
const turn = createUrlResult("turn:a.test");
const deadStun = createUrlResult("stun:b.test", { state: "fails", reason: findCause("time-out") });
const unreachable = createUrlResult("turn:b.test", {
  state: "fails",
  reason: findCause("relay-unreachable"),
});
const unproven = createUrlResult("turns:b.test", {
  state: "unproven",
  reason: findCause("relay-not-tested"),
});

describe("summarize", () => {
  it.each<[results: UrlResult[], level: string, text: string]>([
    [[], "bad", "The list is empty."],
    [[stun, turn], "good", "All is well: 2 of 2 URLs work. Calls go through 1 relay."],
    [[turn], "good", "All is well: 1 of 1 URL works. Calls go through 1 relay."],
    [[deadStun, turn, turn], "warning", "Calls go through 2 relays, but only 2 of 3 URLs work."],
    [[stun, unreachable], "bad", "No call went through a relay. 1 of 2 URLs works."],
    [[unreachable], "bad", "No call went through a relay. 0 of 1 URL works."],
    [[stun, unproven], "warning", "No relay could be proven from this network. 1 of 2 URLs works."],
    [
      [stun],
      "warning",
      "1 of 1 URL works. The list has no TURN server: calls from behind a strict firewall will fail.",
    ],
    [
      [deadStun],
      "bad",
      "0 of 1 URL works. The list has no TURN server: calls from behind a strict firewall will fail.",
    ],
    [
      [createUrlResult("turn:a.test", { relay: createRelay("poor") })],
      "warning",
      "Calls go through 1 relay, but the quality is poor over 1 URL.",
    ],
    [
      [createUrlResult("turn:a.test", { relay: createRelay("good", { failure: "no packet" }) })],
      "warning",
      "Calls go through 1 relay, but calls over 1 URL do not survive an ICE restart.",
    ],
  ])("%#: %s, %s", (results, level, text) => {
    expect(summarize(results)).toEqual({ level, text });
  });
});
