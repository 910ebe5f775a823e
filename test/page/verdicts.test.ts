import { describe, expect, it } from "vitest";
import { findCause } from "../../page/causes.js";
import { judge } from "../../page/verdicts.js";
import { createUrlResult } from "./url-result.js";

const level = (results: Parameters<typeof judge>[0], name: string) =>
  judge(results).find((verdict) => verdict.name === name)?.level;

describe("judge", () => {
  it("tells UDP, TCP, and TLS apart by the URL", () => {
    const results = [
      createUrlResult("turn:a.test"),
      createUrlResult("turn:a.test?transport=tcp", { state: "fails" }),
      createUrlResult("turn:b.test?transport=tcp"),
      createUrlResult("turns:a.test", { state: "fails" }),
    ];
    expect(["UDP", "TCP", "TLS", "Relay"].map((name) => level(results, name))).toEqual([
      "good",
      "warning",
      "bad",
      "warning",
    ]);
    expect(level([createUrlResult("stun:a.test")], "UDP")).toBe("none");
    expect(level([createUrlResult("turns:a.test", { state: "unproven" })], "TLS")).toBe("warning");
  });

  it("tells IPv4 and IPv6 apart by the addresses of relays", () => {
    const relay = {
      type: "relay",
      address: "2a00:1::10",
      port: 1,
      protocol: "udp",
      url: "",
      atMs: 1,
    };
    const results = [
      createUrlResult("turn:a.test"),
      createUrlResult("turn:b.test", { state: "fails", candidates: [relay] }),
    ];
    expect(level(results, "IPv4")).toBe("good");
    expect(level(results, "IPv6")).toBe("bad");
    expect(level([createUrlResult("stun:a.test")], "IPv4")).toBe("none");
  });

  it("knows the family of a server without a relay by the address in its URL", () => {
    const dead = (text: string) => createUrlResult(text, { state: "fails" });
    expect(level([dead("turn:11.0.0.15")], "IPv4")).toBe("bad");
    expect(level([createUrlResult("turn:a.test"), dead("turn:[2a00:1::15]")], "IPv6")).toBe("bad");
    expect(level([createUrlResult("turn:a.test"), dead("turn:11.0.0.15")], "IPv4")).toBe("good");
    expect(level([dead("turn:b.test")], "IPv4")).toBe("none");
  });

  it("does not overlook a relay that is not proven", () => {
    const { candidates } = createUrlResult("turn:a.test");
    const unproven = createUrlResult("turn:a.test", { state: "unproven", candidates });
    expect(judge([unproven])).toContainEqual({
      ...{ name: "IPv4", level: "warning" },
      text: "a relay with an IPv4 address was made, but not proven",
    });
  });

  it("warns of relays that carry calls badly", () => {
    const flawed = createUrlResult("turn:a.test", { reason: findCause("poor-quality") });
    expect(judge([flawed, createUrlResult("turn:b.test")])).toContainEqual({
      ...{ name: "UDP", level: "warning", text: "2 of 2 URLs carry calls, 1 with problems" },
    });
  });

  it("counts host addresses of one URL only", () => {
    const host = (address: string) => ({
      ...{ type: "host", address, port: 1, protocol: "udp", url: "", atMs: 1 },
    });
    const results = [
      createUrlResult("stun:a.test", { candidates: [host("a.local"), host("b.local")] }),
      createUrlResult("stun:b.test", { candidates: [host("c.local"), host("d.local")] }),
    ];
    expect(judge(results)).toContainEqual({
      ...{ name: "Host", level: "good", text: "2 local addresses" },
    });
    expect(level([createUrlResult("stun:a.test")], "Host")).toBe("warning");
  });

  it("wants a public address from STUN, unless there is no NAT", () => {
    const answered = createUrlResult("stun:a.test", { candidates: [] });
    const dead = createUrlResult("stun:a.test", { state: "fails" });
    expect(level([answered], "Reflexive")).toBe("good");
    expect(level([dead], "Reflexive")).toBe("bad");
    expect(level([createUrlResult("turn:a.test")], "Reflexive")).toBe("none");
  });
});
