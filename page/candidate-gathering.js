/**
 * How long a URL may take, in milliseconds. Firefox reports a server that does not answer after 11 s,
 * Chromium after 40 s: silence until then is a failure.
 */
const timeoutMs = 12_000;
/** What may still come after the candidate that counts. */
const afterMs = 1_000;

/**
 * @typedef {object} Candidate
 * @property {string} type `host`, `srflx`, or `relay`
 * @property {string} address an IP address; for hosts perhaps a name ending in .local that hides it
 * @property {number} port
 * @property {string} protocol of the candidate, `udp` or `tcp`
 * @property {string} [relayProtocol] how the browser reaches its relay: `udp`, `tcp`, or `tls`
 * @property {string} [mappedAddress] for a relay: the address from which the server saw this browser
 * @property {string} url that it came from; empty for hosts
 * @property {number} atMs after the beginning
 *
 * @typedef {object} IceError
 * @property {number} code STUN's (RFC 8489, RFC 8656), or 701: no answer
 * @property {string} text
 *
 * @typedef {object} Gathering
 * @property {Candidate[]} candidates
 * @property {IceError[]} errors
 * @property {boolean} isComplete whether the browser has ended it within the time
 * @property {number} durationMs until the candidate that counts, or until the end
 */

/**
 * Gathers candidates with one URL alone.
 * @param {RTCIceServer & { urls: string }} server
 * @param {"srflx" | "relay"} wanted the type of the candidate that counts
 * @returns {Promise<Gathering>}
 * @throws what RTCPeerConnection throws for an invalid URL
 */
export async function gatherCandidates(server, wanted) {
  const startMs = performance.now();
  const elapsedMs = () => performance.now() - startMs;
  // Not "relay": its candidates would not tell the address from which the server saw this browser.
  const connection = new RTCPeerConnection({ iceServers: [server] });
  try {
    /** @type {Candidate[]} */
    const candidates = [];
    /** @type {IceError[]} */
    const errors = [];
    connection.addEventListener("icecandidateerror", ({ errorCode, errorText }) => {
      errors.push({ code: errorCode, text: errorText });
    });
    /** @type {number | undefined} */
    let wantedAtMs;
    const isComplete = await new Promise((resolve, reject) => {
      setTimeout(() => resolve(false), timeoutMs);
      connection.addEventListener("icegatheringstatechange", () => {
        if (connection.iceGatheringState === "complete") {
          resolve(true);
        }
      });
      connection.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate !== null && candidate.candidate !== "") {
          candidates.push(readCandidate(candidate, server.urls, elapsedMs()));
          if (candidate.type === wanted && wantedAtMs === undefined) {
            wantedAtMs = elapsedMs();
            setTimeout(() => resolve(true), afterMs);
          }
        }
      });
      connection.createDataChannel("gathering");
      connection.setLocalDescription().catch(reject);
    });
    const durationMs = wantedAtMs ?? elapsedMs();
    await addRelayProtocols(connection, candidates);
    return { candidates, errors, isComplete, durationMs };
  } finally {
    connection.close();
  }
}

/**
 * @param {RTCIceCandidate} candidate
 * @param {string} url
 * @param {number} atMs
 * @returns {Candidate}
 */
function readCandidate(candidate, url, atMs) {
  const { type, address, port, protocol, relatedAddress, relatedPort } = candidate;
  // Firefox repeats the relay's own address in its place.
  const isMapped = type === "relay" && (relatedAddress !== address || relatedPort !== port);
  return {
    type: type ?? "",
    address: withoutBrackets(address ?? ""),
    port: port ?? 0,
    protocol: protocol ?? "",
    ...(isMapped && relatedAddress !== null && { mappedAddress: withoutBrackets(relatedAddress) }),
    url: type === "host" ? "" : url,
    atMs: Math.round(atMs),
  };
}

/**
 * Chromium puts IPv6 addresses into brackets.
 * @param {string} address
 */
function withoutBrackets(address) {
  return address.replace(/^\[|\]$/g, "");
}

/**
 * Candidates have `relayProtocol` in Chromium only, and not always; statistics have it in both.
 * @param {RTCPeerConnection} connection
 * @param {Candidate[]} candidates
 */
async function addRelayProtocols(connection, candidates) {
  for (const entry of (await connection.getStats()).values()) {
    if (entry.type === "local-candidate" && entry.relayProtocol) {
      const found = candidates.find(
        ({ type, address, port }) =>
          type === entry.candidateType &&
          address === withoutBrackets(entry.address) &&
          port === entry.port,
      );
      if (found !== undefined) {
        found.relayProtocol = entry.relayProtocol;
      }
    }
  }
}
