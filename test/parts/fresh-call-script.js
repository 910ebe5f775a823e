// Runs in the browser: calls between two connections of one page, each kept fresh by the client library.
import { createIceServerSource, keepConnectionFresh } from "../../clients/typescript/src/index.js";

const sendMs = 50;
const calls = {};

/**
 * Calls from `caller` to `callee`, over relays only by default, and sends a message every 50 ms.
 * @param isDirect whether the sides may connect directly, and only so
 * @param kept the sides that use the library
 */
async function startCall(name, { url, token, ttlSeconds, isDirect = false, kept }) {
  const policy = isDirect ? "all" : "relay";
  const errors = [];
  const sides = {};
  for (const side of ["caller", "callee"]) {
    // A side that does not use the library has servers that last.
    const life = kept.includes(side) ? { ttlSeconds } : {};
    const source = createIceServerSource({ url, ...life, getToken: () => token });
    const { iceServers } = await source.get();
    const connection = new RTCPeerConnection({
      iceServers,
      iceTransportPolicy: policy,
      bundlePolicy: "max-bundle",
    });
    sides[side] = { side, source, connection, generations: new Set(), usernames: new Set() };
  }
  const call = {
    isDirect,
    sides,
    errors,
    glares: 0,
    received: 0,
    longestGapMs: 0,
    longestPauseMs: 0,
  };
  calls[name] = call;
  negotiate(call, sides.caller, sides.callee, true);
  negotiate(call, sides.callee, sides.caller, false);
  const sending = sides.caller.connection.createDataChannel("media", {
    ordered: false,
    maxRetransmits: 0,
  });
  let lastMs;
  sides.callee.connection.ondatachannel = ({ channel }) => {
    channel.onmessage = () => {
      const nowMs = performance.now();
      call.longestGapMs = Math.max(call.longestGapMs, nowMs - (lastMs ?? nowMs));
      call.received += 1;
      lastMs = nowMs;
    };
  };
  let lastSendMs = performance.now();
  call.timer = setInterval(() => {
    // On a busy machine, the page itself pauses.
    const nowMs = performance.now();
    call.longestPauseMs = Math.max(call.longestPauseMs, nowMs - lastSendMs);
    lastSendMs = nowMs;
    if (sending.readyState === "open") {
      sending.send("x".repeat(160));
    }
  }, sendMs);
  for (const { side, connection, source } of Object.values(sides)) {
    if (kept.includes(side)) {
      keepConnectionFresh(connection, source, { onError: (error) => errors.push(String(error)) });
    }
  }
}

/** Perfect negotiation (W3C webrtc section 10.7). */
function negotiate(call, own, other, isPolite) {
  const { connection } = own;
  let isMakingOffer = false;
  connection.onnegotiationneeded = async () => {
    try {
      isMakingOffer = true;
      await connection.setLocalDescription();
      other.take({ description: connection.localDescription });
    } catch (error) {
      call.errors.push(String(error));
    } finally {
      isMakingOffer = false;
    }
  };
  connection.onicecandidate = ({ candidate }) => {
    if (!(call.isDirect && candidate?.type === "relay")) {
      other.take({ candidate });
    }
  };
  let ignoresOffer = false;
  own.take = async ({ description, candidate }) => {
    try {
      if (description !== undefined) {
        const collides =
          description.type === "offer" && (isMakingOffer || connection.signalingState !== "stable");
        call.glares += collides ? 1 : 0;
        ignoresOffer = !isPolite && collides;
        if (ignoresOffer) {
          return;
        }
        await connection.setRemoteDescription(description);
        if (description.type === "offer") {
          await connection.setLocalDescription();
          other.take({ description: connection.localDescription });
        }
      } else if (candidate !== null) {
        await connection.addIceCandidate(candidate);
      }
    } catch (error) {
      if (!ignoresOffer) {
        call.errors.push(String(error));
      }
    }
  };
}

/** What has become of a call. To be called often, as it also notes what changes. */
function readCall(name) {
  const { sides, errors, glares, received, longestGapMs, longestPauseMs } = calls[name];
  const read = {};
  for (const { side, connection, generations, usernames } of Object.values(sides)) {
    const configuration = connection.getConfiguration();
    generations.add(/^a=ice-ufrag:(.*)$/m.exec(connection.localDescription?.sdp ?? "")?.[1]);
    usernames.add(configuration.iceServers.find(({ username }) => username)?.username);
    read[side] = {
      state: connection.iceConnectionState,
      generations: generations.size,
      usernames: usernames.size,
      policy: configuration.iceTransportPolicy,
      bundlePolicy: configuration.bundlePolicy,
    };
  }
  return { ...read, errors, glares, received, longestGapMs: longestGapMs - longestPauseMs };
}

function endCall(name) {
  clearInterval(calls[name].timer);
  for (const { connection } of Object.values(calls[name].sides)) {
    connection.close();
  }
}

Object.assign(window, { startCall, readCall, endCall });
