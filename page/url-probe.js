/** How long a URL may take, in milliseconds: Chromium gives up on a server after some 10 s. */
const timeoutMs = 12_000;

/** What `icecandidateerror` says, as https://w3c.github.io/webrtc-pc/ and RFC 8656 have it. */
const meanings = new Map([
  [400, "the server does not understand the request"],
  [401, "the server does not accept the credentials: compare the secret of the two"],
  [403, "the server forbids it"],
  [437, "the server mixed up two allocations"],
  [438, "the server's nonce is stale, again and again"],
  [440, "the server does not relay for this address family"],
  [441, "the server does not accept the credentials for this allocation"],
  [442, "the server does not relay this transport"],
  [486, "the caller's quota of allocations is used up"],
  [508, "the server has no relay address left"],
  [600, "the browser does not use this URL"],
  [
    701,
    "no answer: the server is down, something blocks the way, or its certificate is not trusted",
  ],
]);

/**
 * @typedef {object} UrlResult
 * @property {boolean} works
 * @property {boolean} relays whether a relay came of it
 * @property {string} text
 * @property {string[]} candidates such as `relay udp`
 * @property {number} durationMs until the candidate that counts, or until the failure
 */

/**
 * Gathers candidates with one URL alone.
 * @param {RTCIceServer} server
 * @param {string} url
 * @returns {Promise<UrlResult>}
 */
export async function probeUrl(server, url) {
  const isTurn = url.startsWith("turn");
  const wanted = isTurn ? "relay" : "srflx";
  const startMs = performance.now();
  /** @type {Map<string, number>} */
  const candidates = new Map();
  /** @type {RTCPeerConnectionIceErrorEvent[]} */
  const errors = [];
  const connection = new RTCPeerConnection({
    iceServers: [server],
    iceTransportPolicy: isTurn ? "relay" : "all",
  });
  try {
    connection.addEventListener("icecandidateerror", (event) => {
      errors.push(event);
    });
    const gathered = new Promise((resolve) => {
      connection.addEventListener("icecandidate", ({ candidate }) => {
        if (candidate === null) {
          resolve(undefined);
        } else if (candidate.type !== null && candidate.candidate !== "") {
          const { relayProtocol } =
            /** @type {RTCIceCandidate & { readonly relayProtocol?: string | null }} */ (candidate);
          const protocol = relayProtocol ?? candidate.protocol ?? "";
          const name = `${candidate.type} ${protocol}`.trim();
          candidates.set(name, candidates.get(name) ?? performance.now() - startMs);
          if (candidate.type === wanted) {
            resolve(undefined);
          }
        }
      });
      setTimeout(resolve, timeoutMs);
    });
    connection.createDataChannel("probe");
    await connection.setLocalDescription();
    await gathered;
  } catch (error) {
    const text = error instanceof Error ? error.message : "the browser does not take this URL";
    return {
      works: false,
      relays: false,
      text,
      candidates: [],
      durationMs: performance.now() - startMs,
    };
  } finally {
    connection.close();
  }
  const found = [...candidates].find(([name]) => name.startsWith(wanted));
  const durationMs = found?.[1] ?? performance.now() - startMs;
  return {
    ...judge(found !== undefined, isTurn, errors),
    candidates: [...candidates.keys()],
    durationMs,
  };
}

/**
 * @param {boolean} isFound
 * @param {boolean} isTurn
 * @param {RTCPeerConnectionIceErrorEvent[]} errors
 */
function judge(isFound, isTurn, errors) {
  if (isFound) {
    return { works: true, relays: isTurn, text: isTurn ? "relays" : "tells our address" };
  }
  // One of 401 tells more than one of 701, which comes for each network interface.
  const error = errors.find(({ errorCode }) => errorCode < 700) ?? errors[0];
  if (error !== undefined) {
    const meaning = meanings.get(error.errorCode) ?? error.errorText;
    return { works: false, relays: false, text: `${meaning} (${error.errorCode})` };
  }
  return isTurn
    ? { works: false, relays: false, text: "no answer in time" }
    : // A browser does not name an address that it has already.
      { works: true, relays: false, text: "answers; no address translation on the way" };
}
