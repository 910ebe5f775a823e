import { describe, expect, it } from "vitest";
import type { Packet } from "../../page/paced-traffic.js";
import { summarizeTraffic } from "../../page/traffic-summary.js";

/** A packet every 10 ms, which takes 20 ms there and 20 ms back unless `change` says otherwise. */
const send = (count: number, change: (packet: Required<Packet>, index: number) => Packet) =>
  Array.from({ length: count }, (_, index) => {
    const sentMs = index * 10;
    return change({ sentMs, arrivedMs: sentMs + 20, returnedMs: sentMs + 40 }, index);
  });

describe("summarizeTraffic", () => {
  it("finds nothing wrong with packets that all take the same time", () => {
    const summary = summarizeTraffic(
      send(400, (packet) => packet),
      1000,
    );
    expect(summary).toMatchObject({
      ...{ sentCount: 400, returnedCount: 400, roundTripMs: 40, roundTripP95Ms: 40 },
      ...{ outbound: { lossPercent: 0, jitterMs: 0 }, inbound: { lossPercent: 0, jitterMs: 0 } },
      quality: "good",
    });
    expect(summary.receivedBitsPerSecond).toBeCloseTo((400 * 8000) / 4.03, -2);
    expect(summary.samples).toHaveLength(20);
    expect(summary.samples.every(({ roundTripMs }) => roundTripMs === 40)).toBe(true);
  });

  it("counts losses in the direction in which they happened", () => {
    const summary = summarizeTraffic(
      send(100, ({ sentMs, arrivedMs, returnedMs }, index) =>
        index % 10 === 0
          ? { sentMs }
          : index % 10 === 1
            ? { sentMs, arrivedMs }
            : { sentMs, arrivedMs, returnedMs },
      ),
      1000,
    );
    expect(summary.outbound.lossPercent).toBe(10);
    expect(summary.inbound.lossPercent).toBeCloseTo(100 / 9);
    expect(summary.quality).toBe("poor");
    expect(Math.max(...summary.samples.map(({ lossPercent }) => lossPercent))).toBeCloseTo(40);
  });

  it("smooths jitter as RFC 3550 has it, for each direction", () => {
    const summary = summarizeTraffic(
      send(400, ({ sentMs }, index) => ({
        sentMs,
        arrivedMs: sentMs + (index % 2 === 0 ? 20 : 36),
        returnedMs: sentMs + (index % 2 === 0 ? 40 : 56),
      })),
      1000,
    );
    // Each transit time differs by 16 ms from the one before.
    expect(summary.outbound.jitterMs).toBeCloseTo(16);
    expect(summary.inbound.jitterMs).toBeCloseTo(0);
  });

  it("has no negative figures, and no round trip, when nothing comes back", () => {
    const summary = summarizeTraffic(
      send(10, ({ sentMs }) => ({ sentMs })),
      1000,
    );
    expect(summary).toMatchObject({
      ...{ returnedCount: 0, receivedBitsPerSecond: 0, roundTripMs: Number.NaN, quality: "poor" },
      outbound: { lossPercent: 100 },
    });
    expect(summarizeTraffic([], 1000)).toMatchObject({ sentCount: 0, quality: "poor" });
  });
});
