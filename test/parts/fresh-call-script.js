// Runs in the browser: calls that the client library keeps connected, between two sides of one page, or
// between sides of two pages that exchange signals over the page's server (see signal-boxes.ts).
import { createIceServerSource, keepConnectionFresh } from "../../clients/typescript/src/index.js";

const sendMs = 50;
/** How often the bytes of the other side's audio are counted. */
const countMs = 250;
/** A longer delay of a timer is a pause of the page. */
const pauseMs = 100;
/** By call and role. */
const sides = {};
const otherRole = { caller: "callee", callee: "caller" };

let pausedMs = 0;
let lastTickMs = performance.now();
setInterval(() => {
  const nowMs = performance.now();
  const lateMs = nowMs - lastTickMs - sendMs;
  pausedMs += lateMs > pauseMs ? lateMs : 0;
  lastTickMs = nowMs;
  for (const { channel } of Object.values(sides)) {
    if (channel.readyState === "open") {
      channel.send(JSON.stringify({ pausedMs, filling: "x".repeat(130) }));
    }
  }
}, sendMs);

/** Calls between two sides of this page. Signals take `signalMs`. */
async function startCall(name, { signalMs = 0, ...options }) {
  for (const role of ["callee", "caller"]) {
    await createSide(name, role, options, (signal) =>
      setTimeout(() => sides[`${name}/${otherRole[role]}`]?.take(signal), signalMs),
    );
  }
  sides[`${name}/caller`].open();
}

/** Makes one side of a call. Its signals take `signalMs`. The other page joins it as well, the caller last. */
async function joinCall(name, role, otherPage, { signalMs = 0, ...options }) {
  const side = await createSide(name, role, options, (signal) =>
    setTimeout(() => post(otherPage, { to: `${name}/${otherRole[role]}`, signal }), signalMs),
  );
  if (role === "caller") {
    side.open();
  }
}

/**
 * @param policy `direct` for calls whose sides connect directly, and only so
 * @param kept the roles that use the library
 * @param lasting the roles whose credentials outlast the test
 * @param hasAudio sends audio as well
 * @param tokenUrl where tokens are fetched, instead of `token`
 */
async function createSide(name, role, options, send) {
  const { url, token, tokenUrl, ttlSeconds, policy = "relay" } = options;
  const { kept = ["caller", "callee"], lasting = [], hasAudio = false } = options;
  const side = {
    name,
    role,
    errors: [],
    statuses: [],
    glares: 0,
    disconnections: 0,
    received: 0,
    longestGapMs: 0,
    audioBytes: 0,
    longestAudioGapMs: 0,
    isLost: false,
  };
  let current = tokenUrl === undefined ? token : undefined;
  const source = createIceServerSource({
    url,
    ...(!lasting.includes(role) && { ttlSeconds }),
    async getToken(rejected) {
      if (tokenUrl !== undefined && (current === undefined || current === rejected)) {
        current = await (await fetch(tokenUrl)).text();
      }
      return current;
    },
    async fetch(...request) {
      const response = await fetch(...request);
      side.statuses.push(response.status);
      return response;
    },
  });
  // After a change of the network, the first request may wait on a connection that is gone.
  const { iceServers } = await retry(() => source.get());
  const connection = new RTCPeerConnection({
    iceServers,
    iceTransportPolicy: policy === "relay" ? "relay" : "all",
    bundlePolicy: "max-bundle",
  });
  const channel = connection.createDataChannel("media", {
    ...{ negotiated: true, id: 1, ordered: false, maxRetransmits: 0 },
  });
  Object.assign(side, { connection, channel, generations: new Set(), usernames: new Set() });
  sides[`${name}/${role}`] = side;
  measure(side);
  if (hasAudio) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    connection.addTrack(stream.getTracks()[0], stream);
    measureAudio(side);
  }
  connection.oniceconnectionstatechange = () => {
    side.disconnections += connection.iceConnectionState === "disconnected" ? 1 : 0;
  };
  negotiate(side, send, policy === "direct");
  side.keep = () => {
    if (kept.includes(role)) {
      const onError = (error) => side.errors.push(String(error));
      const onLost = () => {
        side.isLost = true;
      };
      keepConnectionFresh(connection, source, { onError, onLost });
    }
  };
  if (role === "callee") {
    side.keep();
  }
  side.open = () => {
    side.keep();
    side.negotiates = true;
    connection.onnegotiationneeded();
  };
  return side;
}

/** Notes the longest time without a message, without what either page has paused itself. */
function measure(side) {
  let last;
  side.channel.onmessage = ({ data }) => {
    const now = { ms: performance.now(), here: pausedMs, there: JSON.parse(data).pausedMs };
    if (last !== undefined) {
      const paused = Math.max(now.here - last.here, now.there - last.there);
      side.longestGapMs = Math.max(side.longestGapMs, now.ms - last.ms - paused);
    }
    side.received += 1;
    last = now;
  };
}

/** Notes the longest time without audio, up to `countMs` too long, without what this page has paused itself. */
async function measureAudio(side) {
  const { connection } = side;
  let last;
  while (connection.signalingState !== "closed") {
    let bytes = 0;
    for (const stats of (await connection.getStats()).values()) {
      bytes += stats.type === "inbound-rtp" && stats.kind === "audio" ? stats.bytesReceived : 0;
    }
    if (bytes > side.audioBytes) {
      const now = { ms: performance.now(), pausedMs };
      if (last !== undefined) {
        const gapMs = now.ms - last.ms - (now.pausedMs - last.pausedMs);
        side.longestAudioGapMs = Math.max(side.longestAudioGapMs, gapMs);
      }
      side.audioBytes = bytes;
      last = now;
    }
    await new Promise((resolve) => setTimeout(resolve, countMs));
  }
}

/** Perfect negotiation (W3C webrtc section 10.7). The callee does not make the first offer. */
function negotiate(side, send, isDirect) {
  const { connection } = side;
  const isPolite = side.role === "caller";
  let isMakingOffer = false;
  connection.onnegotiationneeded = async () => {
    if (side.negotiates !== true) {
      return;
    }
    try {
      isMakingOffer = true;
      await connection.setLocalDescription();
      send({ description: connection.localDescription });
    } catch (error) {
      side.errors.push(String(error));
    } finally {
      isMakingOffer = false;
    }
  };
  connection.onicecandidate = ({ candidate }) => {
    if (!(isDirect && candidate?.type === "relay")) {
      send({ candidate });
    }
  };
  side.take = async ({ description, candidate }) => {
    try {
      if (description !== undefined) {
        const collides =
          description.type === "offer" && (isMakingOffer || connection.signalingState !== "stable");
        side.glares += collides ? 1 : 0;
        if (collides && !isPolite) {
          return;
        }
        side.negotiates = true;
        await connection.setRemoteDescription(description);
        if (description.type === "offer") {
          await connection.setLocalDescription();
          send({ description: connection.localDescription });
        }
      } else if (candidate !== null) {
        await connection.addIceCandidate(candidate);
      }
    } catch (error) {
      // Candidates of an offer that was ignored come with it, and in Firefox also after later descriptions.
      if (!candidate || candidate.usernameFragment === readUfrag(connection.remoteDescription)) {
        side.errors.push(String(error));
      }
    }
  };
}

/** Of the only transport, as the calls bundle everything. */
const readUfrag = (description) => /^a=ice-ufrag:(.*)$/m.exec(description?.sdp ?? "")?.[1];

/** What has become of the sides of a call here. To be called often, as it also notes what changes. */
function readCall(name) {
  const read = {};
  for (const side of Object.values(sides)) {
    if (side.name === name) {
      read[side.role] = readSide(side);
    }
  }
  return read;
}

function readSide(side) {
  const { connection, generations, usernames } = side;
  const configuration = connection.getConfiguration();
  const generation = readUfrag(connection.localDescription);
  if (generation !== undefined) {
    generations.add(generation);
  }
  usernames.add(configuration.iceServers.find(({ username }) => username)?.username);
  const { errors, statuses, glares, disconnections, isLost } = side;
  const { received, longestGapMs, audioBytes, longestAudioGapMs } = side;
  return {
    ...{ errors, statuses, glares, disconnections, isLost },
    ...{ received, longestGapMs, audioBytes, longestAudioGapMs },
    state: connection.iceConnectionState,
    generations: generations.size,
    usernames: usernames.size,
    // The time is the first part of a user name.
    expiries: [...usernames].filter((name) => parseInt(name, 10) * 1000 < Date.now()).length,
    policy: configuration.iceTransportPolicy,
    bundlePolicy: configuration.bundlePolicy,
  };
}

/** Both sides of a call in this page restart ICE at once. */
function restartBoth(name) {
  for (const role of ["caller", "callee"]) {
    sides[`${name}/${role}`].connection.restartIce();
  }
}

function endCall(name) {
  for (const role of ["caller", "callee"]) {
    sides[`${name}/${role}`]?.connection.close();
    delete sides[`${name}/${role}`];
  }
}

let posted = Promise.resolve();
/** In order, and again after a failure. */
function post(page, message) {
  const body = JSON.stringify(message);
  posted = posted.then(() => retry(() => fetch(`/signals/${page}`, { method: "POST", body })));
}

async function listen(page) {
  for (let from = 0; ; ) {
    const messages = await retry(async () => (await fetch(`/signals/${page}?from=${from}`)).json());
    from += messages.length;
    for (const { to, signal } of messages) {
      sides[to]?.take(signal);
    }
  }
}

async function retry(send) {
  for (;;) {
    try {
      return await send();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

if (location.hash !== "") {
  listen(location.hash.slice(1));
}
Object.assign(window, { startCall, joinCall, readCall, restartBoth, endCall });
