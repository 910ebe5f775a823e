/** Much like a video call of low resolution: 0.8 Mbit/s in packets of a kilobyte, both ways. */
export const packetBytes = 1_000;
const intervalMs = 20;
const packetsPerInterval = 2;
const durationMs = 4_000;
/** How long to wait for the last packets, and for a single one. */
const graceMs = 1_000;

/**
 * What is known of a packet, in milliseconds since the traffic began. The two ends share one clock.
 * @typedef {object} Packet
 * @property {number} sentMs by the end that has the relay
 * @property {number} [arrivedMs] at the other end, which sends it back at once
 * @property {number} [returnedMs]
 */

/**
 * Sends packets at a steady pace, each of which the other end sends back.
 * @param {import("./relay-call.js").RelayCall} call
 * @returns {Promise<Packet[]>} in the order in which they were sent
 */
export async function sendPacedTraffic(call) {
  /** @type {Packet[]} */
  const packets = [];
  const buffer = new DataView(new ArrayBuffer(packetBytes));
  const startMs = performance.now();
  const stop = echo(call, packets, startMs);
  const count = (durationMs / intervalMs) * packetsPerInterval;
  let lastMs = startMs;
  while (packets.length < count && performance.now() - startMs < 2 * durationMs) {
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
    // A late timer has its packets made up for, though never in bursts that no call would send.
    const dueCount = Math.round((performance.now() - lastMs) / intervalMs) * packetsPerInterval;
    lastMs = performance.now();
    for (let index = 0; index < Math.min(Math.max(dueCount, packetsPerInterval), 10); index += 1) {
      if (call.channel.readyState === "open" && packets.length < count) {
        buffer.setUint32(0, packets.length);
        packets.push({ sentMs: performance.now() - startMs });
        call.channel.send(buffer.buffer);
      }
    }
  }
  await waitUntil(() => packets.every(({ returnedMs }) => returnedMs !== undefined));
  stop();
  return packets;
}

/**
 * Sends one packet.
 * @param {import("./relay-call.js").RelayCall} call
 * @returns {Promise<boolean>} whether it came back
 */
export async function exchangePacket(call) {
  /** @type {Packet[]} */
  const packets = [{ sentMs: 0 }];
  const stop = echo(call, packets, performance.now());
  call.channel.send(new ArrayBuffer(packetBytes));
  const isBack = await waitUntil(() => packets[0]?.returnedMs !== undefined);
  stop();
  return isBack;
}

/**
 * Has the other end send everything back, and notes when.
 * @param {import("./relay-call.js").RelayCall} call
 * @param {Packet[]} packets
 * @param {number} startMs
 * @returns {() => void} ends it
 */
function echo({ channel, otherChannel }, packets, startMs) {
  const find = (/** @type {ArrayBuffer} */ data) => packets[new DataView(data).getUint32(0)];
  const onArrival = (/** @type {MessageEvent<ArrayBuffer>} */ { data }) => {
    const packet = find(data);
    if (packet !== undefined && otherChannel.readyState === "open") {
      packet.arrivedMs = performance.now() - startMs;
      otherChannel.send(data);
    }
  };
  const onReturn = (/** @type {MessageEvent<ArrayBuffer>} */ { data }) => {
    const packet = find(data);
    if (packet !== undefined) {
      packet.returnedMs = performance.now() - startMs;
    }
  };
  otherChannel.addEventListener("message", onArrival);
  channel.addEventListener("message", onReturn);
  return () => {
    otherChannel.removeEventListener("message", onArrival);
    channel.removeEventListener("message", onReturn);
  };
}

/** @param {() => boolean} isTrue */
async function waitUntil(isTrue) {
  const startMs = performance.now();
  while (!isTrue() && performance.now() - startMs < graceMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return isTrue();
}
