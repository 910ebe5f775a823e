/** How long the call lasts, and how often it is looked at, in milliseconds. */
const callMs = 5_000;
const sampleMs = 250;
const connectTimeoutMs = 15_000;
const chunk = new Uint8Array(16 * 1024);
/** What waits to be sent: enough to keep the channel busy. */
const bufferedBytes = 256 * 1024;

/**
 * @typedef {object} CallSample
 * @property {number} atMs since the call began
 * @property {number} bitsPerSecond received since the sample before
 * @property {number} roundTripMs
 */

/**
 * Two peer connections of this page talk through the relay, and through nothing else.
 *
 * @param {RTCIceServer[]} iceServers
 * @param {(text: string) => void} tell
 * @returns {Promise<CallSample[]>}
 */
export async function makeRelayedCall(iceServers, tell) {
  const configuration = { iceServers, iceTransportPolicy: /** @type {const} */ ("relay") };
  const caller = new RTCPeerConnection(configuration);
  const callee = new RTCPeerConnection(configuration);
  try {
    const startMs = performance.now();
    const channel = await connect(caller, callee);
    const connectedMs = Math.round(performance.now() - startMs);
    tell(`Connected in ${connectedMs} ms; measuring…`);
    const samples = await measure(channel, callee);
    const mean = (/** @type {number[]} */ values) =>
      values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
    if (samples.every(({ bitsPerSecond }) => bitsPerSecond === 0)) {
      throw new Error("the connection carries nothing");
    }
    const megabits = mean(samples.map(({ bitsPerSecond }) => bitsPerSecond)) / 1e6;
    const roundTripMs = mean(samples.map(({ roundTripMs: value }) => value));
    tell(
      `Connected in ${connectedMs} ms over ${await nameRelay(caller)}: ${megabits.toFixed(1)} Mbit/s, round trip ${roundTripMs.toFixed(1)} ms.`,
    );
    return samples;
  } finally {
    caller.close();
    callee.close();
  }
}

/**
 * @param {RTCPeerConnection} caller
 * @param {RTCPeerConnection} callee
 * @returns {Promise<RTCDataChannel>}
 */
async function connect(caller, callee) {
  for (const [from, to] of [
    [caller, callee],
    [callee, caller],
  ]) {
    from?.addEventListener("icecandidate", ({ candidate }) => {
      // One that comes after the end is of no use.
      to?.addIceCandidate(candidate ?? undefined).catch(() => {});
    });
  }
  const channel = caller.createDataChannel("bytes", { ordered: false, maxRetransmits: 0 });
  callee.addEventListener("datachannel", ({ channel: received }) => {
    received.binaryType = "arraybuffer";
    received.addEventListener("message", () => {});
  });
  await caller.setLocalDescription();
  await callee.setRemoteDescription(/** @type {RTCSessionDescription} */ (caller.localDescription));
  await callee.setLocalDescription();
  await caller.setRemoteDescription(/** @type {RTCSessionDescription} */ (callee.localDescription));
  await new Promise((resolve, reject) => {
    channel.addEventListener("open", resolve);
    setTimeout(
      () => reject(new Error(`no connection within ${connectTimeoutMs / 1000} s`)),
      connectTimeoutMs,
    );
  });
  return channel;
}

/**
 * @param {RTCDataChannel} channel
 * @param {RTCPeerConnection} callee
 * @returns {Promise<CallSample[]>}
 */
async function measure(channel, callee) {
  const fill = () => {
    while (channel.readyState === "open" && channel.bufferedAmount < bufferedBytes) {
      channel.send(chunk);
    }
  };
  channel.bufferedAmountLowThreshold = bufferedBytes / 2;
  channel.addEventListener("bufferedamountlow", fill);
  fill();
  /** @type {CallSample[]} */
  const samples = [];
  const startMs = performance.now();
  let { bytes: lastBytes } = await readPair(callee);
  let lastMs = startMs;
  while (lastMs - startMs < callMs) {
    await new Promise((resolve) => setTimeout(resolve, sampleMs));
    const { bytes, roundTripMs } = await readPair(callee);
    const nowMs = performance.now();
    samples.push({
      atMs: nowMs - startMs,
      bitsPerSecond: ((bytes - lastBytes) * 8_000) / (nowMs - lastMs),
      roundTripMs,
    });
    lastBytes = bytes;
    lastMs = nowMs;
  }
  channel.removeEventListener("bufferedamountlow", fill);
  return samples;
}

/**
 * What the pair in use has received so far. Chromium may have nominated others before it.
 * @param {RTCPeerConnection} connection
 */
async function readPair(connection) {
  const stats = await connection.getStats();
  const pair = findSelectedPair(stats);
  return { bytes: pair?.bytesReceived ?? 0, roundTripMs: (pair?.currentRoundTripTime ?? 0) * 1000 };
}

/** @param {RTCPeerConnection} connection */
async function nameRelay(connection) {
  const stats = await connection.getStats();
  const local = stats.get(findSelectedPair(stats)?.localCandidateId);
  return local === undefined ? "a relay" : `${local.url || "a relay"} (${local.relayProtocol})`;
}

/** @param {RTCStatsReport} stats */
function findSelectedPair(stats) {
  const all = [...stats.values()];
  const transport = all.find(({ type }) => type === "transport");
  return (
    stats.get(transport?.selectedCandidatePairId) ??
    // Firefox marks it at the pair itself.
    all.find(({ type, selected }) => type === "candidate-pair" && selected)
  );
}
