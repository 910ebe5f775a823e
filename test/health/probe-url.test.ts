import { describe, expect, it } from "vitest";
import type { ProbeTarget } from "../../src/health/probe-target.js";
import { createProbeUrl } from "../../src/health/probe-url.js";
import { parseIceUrl } from "../../src/ice/ice-url.js";
import type { ProbeResult } from "../../src/probe/probe.js";

const url = parseIceUrl("turn:turn.example");
const quota: ProbeResult = { url, failure: { cause: "quota", detail: "486" } };
const target: ProbeTarget = {
  url,
  key: url.text,
  ttlSeconds: 60,
  account: {
    label: "turn.secret",
    canChooseExpiry: true,
    issue: (name) => ({ username: name, credential: "" }),
  },
};
const options = { timeoutMs: 1_000, signal: new AbortController().signal, provenBefore: false };

/** Probes a server where the usual name is at its quota. */
function probeAtQuota(withFreshName: ProbeResult) {
  const probeUrl = createProbeUrl(
    () => 0,
    () => 0,
    (size) => Buffer.alloc(size, 0xab),
    async (_, credential) => [
      credential?.username === "ice-service-probe-ababab" ? withFreshName : quota,
    ],
  );
  return probeUrl(target, { ...options, relay: "auto" });
}

describe("a probe whose name is at its quota", () => {
  it("proves the relay with a fresh name", async () => {
    expect(await probeAtQuota({ url, relayProven: true })).toEqual({
      works: true,
      failure: quota.failure,
      relayProven: true,
    });
  });

  it("proves nothing where the fresh name gets no relay that works", async () => {
    const failure = { cause: "relay-unreachable", detail: "lost" } as const;
    expect(await probeAtQuota({ url, failure })).toEqual({ works: true, failure: quota.failure });
  });
});
