import { describe, expect, it } from "vitest";
import { findCause } from "../../page/causes.js";
import { printReport } from "../../page/report.js";
import { createUrlResult } from "./url-result.js";

describe("printReport", () => {
  it("has a line for each fact", () => {
    const reason = { ...findCause("wrong-secret"), code: 401 };
    const urls = [
      createUrlResult("turn:a.test"),
      createUrlResult("turn:b.test", { state: "fails", reason }),
    ];
    const text = printReport({
      time: "2026-01-02T03:04:05.000Z",
      service: "https://ice.example.com",
      region: "eu",
      ttlSeconds: 3600,
      browser: { name: "Firefox", version: "153.0", userAgent: "Mozilla/5.0" },
      headline: { level: "warning", text: "Calls go through 1 relay, but only 1 of 2 URLs works." },
      verdicts: [{ name: "UDP", level: "warning", text: "1 of 2 URLs carry calls" }],
      urls,
    });
    expect(text).toBe(`Result: Calls go through 1 relay, but only 1 of 2 URLs works.
Time: 2026-01-02T03:04:05.000Z
Browser: Firefox 153.0
User agent: Mozilla/5.0
Service: https://ice.example.com, region eu
Credentials valid for: 3600 s

UDP: warning, 1 of 2 URLs carry calls

turn:a.test: works (12 ms)
  Call opened in 100 ms
  Quality good: 400 of 400 packets came back
  Loss: 0 % to the peer, 0 % back
  Jitter: 1.0 ms to the peer, 1.0 ms back
  Round trip: 20 ms median, 25 ms for 95 %
  After an ICE restart: reconnected in 60 ms
  relay 11.0.0.10 50000 udp (12 ms)

turn:b.test: fails (12 ms)
  wrong-secret: The server rejects the credentials (401).
  Fix: ${reason.fix}
`);
  });
});
