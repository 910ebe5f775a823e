/** How long a call may take to open, or to reconnect, in milliseconds. */
const timeoutMs = 10_000;
/** Where nobody listens: the candidates with it only let an address in. */
const closedPort = 40_001;

/**
 * A call between two connections of this page, one of which has a relay and nothing else, and the
 * other no relay at all. The relay's end knows no port of the other end, so it cannot begin: the other
 * end must reach the relay at the address that the server announces, as a stranger would. Two relays
 * on one server would connect even if nobody outside could reach them.
 */
export class RelayCall {
  #relayEnd;
  #otherEnd = new RTCPeerConnection();
  #mappedAddresses;
  /** Whether the server has made a relay for the call. */
  #hasRelay = false;
  /** Whether the relay's end had anybody to let in. */
  #hasPermission = false;
  /**
   * What the server answered to the relay's end.
   * @type {import("./candidate-gathering.js").IceError[]}
   */
  errors = [];
  /** Of the relay's end. */
  channel;
  /** The same channel at the other end. */
  otherChannel;

  /**
   * @param {RTCIceServer} server
   * @param {readonly string[]} mappedAddresses from which servers see this browser, to be let in
   */
  constructor(server, mappedAddresses) {
    this.#mappedAddresses = mappedAddresses;
    this.#relayEnd = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: "relay" });
    this.channel = createChannel(this.#relayEnd);
    this.otherChannel = createChannel(this.#otherEnd);
    this.#relayEnd.addEventListener("icecandidateerror", ({ errorCode, errorText }) => {
      this.errors.push({ code: errorCode, text: errorText });
    });
    this.#relayEnd.addEventListener("icecandidate", ({ candidate }) => {
      this.#hasRelay ||= candidate?.type === "relay";
      // One that comes after the end of the call is of no use.
      this.#otherEnd.addIceCandidate(candidate ?? undefined).catch(() => {});
    });
    this.#otherEnd.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate?.protocol === "udp") {
        this.#letIn(candidate.candidate.replace(/^((?:\S+ ){5})\d+/, `$1${closedPort}`));
      }
    });
    this.#relayEnd.addEventListener("iceconnectionstatechange", () => {
      this.#hasPermission ||= this.#relayEnd.iceConnectionState === "checking";
    });
  }

  /**
   * @returns {Promise<number>} the milliseconds until data could be sent
   * @throws {Error} if that takes too long, or ICE gives up
   */
  async open() {
    const startMs = performance.now();
    await Promise.all([this.#waitForOpen(), this.#negotiate()]);
    return performance.now() - startMs;
  }

  /**
   * Restarts ICE, which makes a new relay, as clients do after a change of network or credential.
   * @param {() => Promise<boolean>} exchange whether a packet comes back
   * @returns {Promise<number>} the milliseconds until a packet crossed the new relay and came back
   */
  async restart(exchange) {
    const startMs = performance.now();
    const before = await findSelectedPair(this.#relayEnd);
    this.#relayEnd.restartIce();
    await this.#negotiate();
    while (performance.now() - startMs < timeoutMs) {
      const now = await findSelectedPair(this.#relayEnd);
      if (now !== undefined && now !== before && (await exchange())) {
        return performance.now() - startMs;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`no packet came back within ${timeoutMs / 1000} s`);
  }

  /**
   * Why the call has not opened, as far as this browser shows it: the server made no relay (see
   * `errors`), nobody's address was known, the server refused to let the other end in, or nothing arrived.
   * @returns {Promise<"no-relay" | "no-permission" | "denied" | "silent">}
   */
  async explainFailure() {
    if (!this.#hasRelay) {
      return "no-relay";
    }
    const stats = await this.#relayEnd.getStats();
    const pairs = [...stats.values()].filter(({ type }) => type === "candidate-pair");
    if (!this.#hasPermission) {
      return "no-permission";
    }
    // A browser gives up at once on a pair whose permission was refused.
    return pairs.every(({ state }) => state === "failed") ? "denied" : "silent";
  }

  close() {
    this.#relayEnd.close();
    this.#otherEnd.close();
  }

  async #negotiate() {
    await this.#relayEnd.setLocalDescription();
    await this.#otherEnd.setRemoteDescription(describe(this.#relayEnd));
    await this.#otherEnd.setLocalDescription();
    const { type, sdp } = describe(this.#otherEnd);
    const withoutCandidates = sdp.replace(/^a=(candidate|end-of-candidates).*\r\n/gm, "");
    await this.#relayEnd.setRemoteDescription({ type, sdp: withoutCandidates });
    for (const [index, address] of this.#mappedAddresses.entries()) {
      this.#letIn(`candidate:${index} 1 udp ${index + 1} ${address} ${closedPort} typ host`);
    }
  }

  /**
   * Has the relay's end create a permission (RFC 8656 section 9), which ignores the port.
   * @param {string} candidate
   */
  #letIn(candidate) {
    this.#relayEnd.addIceCandidate({ candidate, sdpMLineIndex: 0 }).catch(() => {});
  }

  /** @returns {Promise<void>} */
  #waitForOpen() {
    return new Promise((resolve, reject) => {
      for (const channel of [this.channel, this.otherChannel]) {
        channel.addEventListener("open", () => {
          if (this.channel.readyState === "open" && this.otherChannel.readyState === "open") {
            resolve();
          }
        });
      }
      setTimeout(() => reject(new Error(`no call within ${timeoutMs / 1000} s`)), timeoutMs);
      for (const end of [this.#relayEnd, this.#otherEnd]) {
        end.addEventListener("iceconnectionstatechange", () => {
          if (end.iceConnectionState === "failed") {
            reject(new Error("the browser found no path through the relay"));
          }
        });
      }
    });
  }
}

/**
 * Unreliable and unordered, as media is.
 * @param {RTCPeerConnection} connection
 */
function createChannel(connection) {
  const channel = connection.createDataChannel("packets", {
    negotiated: true,
    id: 0,
    ordered: false,
    maxRetransmits: 0,
  });
  channel.binaryType = "arraybuffer";
  return channel;
}

/**
 * @param {RTCPeerConnection} connection
 * @returns {RTCSessionDescription}
 */
function describe({ localDescription }) {
  if (localDescription === null) {
    throw new Error("the call has been closed");
  }
  return localDescription;
}

/**
 * The ID of the candidate pair in use (W3C webrtc-stats).
 * @param {RTCPeerConnection} connection
 * @returns {Promise<string | undefined>}
 */
async function findSelectedPair(connection) {
  const all = [...(await connection.getStats()).values()];
  const transport = all.find(({ type }) => type === "transport");
  return (
    transport?.selectedCandidatePairId ??
    // Older Firefox marks it at the pair itself.
    all.find(({ type, selected }) => type === "candidate-pair" && selected)?.id
  );
}
