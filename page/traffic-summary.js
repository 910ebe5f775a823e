/** @typedef {import("./paced-traffic.js").Packet} Packet */

/**
 * @typedef {object} Direction
 * @property {number} lossPercent 0 to 100
 * @property {number} jitterMs as RFC 3550 section 6.4.1 has it
 *
 * @typedef {object} TrafficSample one of equal slices of the time
 * @property {number} atMs its middle
 * @property {number | undefined} roundTripMs the mean; undefined if nothing came back
 * @property {number} jitterMs the larger of the two directions
 * @property {number} lossPercent of the packets sent in it, there and back
 *
 * @typedef {object} TrafficSummary
 * @property {number} sentCount
 * @property {number} returnedCount
 * @property {Direction} outbound from the relay's client to the other end
 * @property {Direction} inbound back
 * @property {number} roundTripMs the median; NaN if nothing came back
 * @property {number} roundTripP95Ms
 * @property {number} receivedBitsPerSecond
 * @property {"good" | "fair" | "poor"} quality of a call over this relay
 * @property {TrafficSample[]} samples
 */

const sampleCount = 20;

/**
 * @param {readonly Packet[]} packets in the order in which they were sent
 * @param {number} packetBytes
 * @returns {TrafficSummary}
 */
export function summarizeTraffic(packets, packetBytes) {
  const returned = packets.filter(({ returnedMs }) => returnedMs !== undefined);
  const roundTrips = returned.map(toRoundTrip).sort((a, b) => a - b);
  const arrivedCount = packets.filter(({ arrivedMs }) => arrivedMs !== undefined).length;
  const jitter = measureJitter(packets);
  const endMs = Math.max(...packets.map(({ sentMs, returnedMs }) => returnedMs ?? sentMs), 1);
  const outbound = {
    lossPercent: toLossPercent(packets.length, arrivedCount),
    jitterMs: jitter.outbound.at(-1) ?? 0,
  };
  const inbound = {
    lossPercent: toLossPercent(arrivedCount, returned.length),
    jitterMs: jitter.inbound.at(-1) ?? 0,
  };
  const roundTripMs = findQuantile(roundTrips, 0.5);
  return {
    sentCount: packets.length,
    returnedCount: returned.length,
    outbound,
    inbound,
    roundTripMs,
    roundTripP95Ms: findQuantile(roundTrips, 0.95),
    receivedBitsPerSecond: (returned.length * packetBytes * 8_000) / endMs,
    quality: judge(
      Math.max(outbound.lossPercent, inbound.lossPercent),
      Math.max(outbound.jitterMs, inbound.jitterMs),
      roundTripMs,
    ),
    samples: sample(packets, jitter),
  };
}

/** @param {Packet} packet */
const toRoundTrip = ({ sentMs, returnedMs = Number.NaN }) => returnedMs - sentMs;

/**
 * @param {number} sentCount
 * @param {number} receivedCount
 */
function toLossPercent(sentCount, receivedCount) {
  return sentCount === 0 ? 100 : (100 * (sentCount - receivedCount)) / sentCount;
}

/**
 * @param {readonly number[]} sorted
 * @param {number} quantile
 */
function findQuantile(sorted, quantile) {
  return sorted[Math.floor((sorted.length - 1) * quantile)] ?? Number.NaN;
}

/**
 * The smoothed difference in transit time between one packet and the one before, after each packet.
 * @param {readonly Packet[]} packets
 */
function measureJitter(packets) {
  /** @type {{ outbound: number[], inbound: number[] }} */
  const jitter = { outbound: [], inbound: [] };
  /** @type {Packet | undefined} */
  let before;
  for (const packet of packets) {
    const smooth = (
      /** @type {number[]} */ values,
      /** @type {(of: Packet) => number} */ transit,
    ) => {
      const last = values.at(-1) ?? 0;
      const change = before === undefined ? 0 : Math.abs(transit(packet) - transit(before));
      values.push(Number.isNaN(change) ? last : last + (change - last) / 16);
    };
    smooth(jitter.outbound, ({ sentMs, arrivedMs = Number.NaN }) => arrivedMs - sentMs);
    smooth(
      jitter.inbound,
      ({ arrivedMs = Number.NaN, returnedMs = Number.NaN }) => returnedMs - arrivedMs,
    );
    // A lost packet has no transit time to compare with.
    before = packet.returnedMs === undefined ? before : packet;
  }
  return jitter;
}

/**
 * @param {readonly Packet[]} packets
 * @param {{ outbound: number[], inbound: number[] }} jitter
 * @returns {TrafficSample[]}
 */
function sample(packets, jitter) {
  const lengthMs = ((packets.at(-1)?.sentMs ?? 0) + 1) / sampleCount;
  return Array.from({ length: sampleCount }, (_, slice) => {
    const isInside = (/** @type {Packet} */ { sentMs }) => Math.floor(sentMs / lengthMs) === slice;
    const inside = packets.filter(isInside);
    const trips = inside.map(toRoundTrip).filter((trip) => !Number.isNaN(trip));
    const last = packets.findLastIndex(isInside);
    return {
      atMs: (slice + 0.5) * lengthMs,
      roundTripMs:
        trips.length === 0 ? undefined : trips.reduce((sum, trip) => sum + trip, 0) / trips.length,
      jitterMs: Math.max(jitter.outbound[last] ?? 0, jitter.inbound[last] ?? 0),
      lossPercent: inside.length === 0 ? 0 : toLossPercent(inside.length, trips.length),
    };
  });
}

/**
 * What people notice in a call (ITU-T G.114 for the delay of one direction).
 * @param {number} lossPercent
 * @param {number} jitterMs
 * @param {number} roundTripMs
 */
function judge(lossPercent, jitterMs, roundTripMs) {
  if (lossPercent <= 1 && jitterMs <= 30 && roundTripMs <= 300) {
    return "good";
  }
  return lossPercent <= 5 && jitterMs <= 60 && roundTripMs <= 600 ? "fair" : "poor";
}
