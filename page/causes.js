/**
 * A cause has the name that `ice-service check` gives it, where that command knows it too.
 * @typedef {object} Cause
 * @property {string} name
 * @property {string} meaning one sentence without a full stop
 * @property {string} fix
 */

/** @type {Readonly<Record<string, { meaning: string, fix: string }>>} */
const causes = {
  "invalid-url": {
    meaning: "The browser rejects this URL",
    fix: "Correct the URL in the configuration of ice-service.",
  },
  "not-used": {
    meaning: "The browser does not use this URL",
    fix: "Browsers use TURN over UDP, TCP, and TLS over TCP. Remove turns: with transport=udp, ports that browsers block, such as 53, and IPv6 addresses where the network has none. Firefox uses turns: with a host name only, not with an IP address.",
  },
  loopback: {
    meaning: "Firefox uses no server at a loopback address",
    fix: "Test with another browser, or have the server listen on another address of this machine. For a test only, set media.peerconnection.ice.loopback in about:config.",
  },
  "redirect-loop": {
    meaning: "The server sends the browser to other servers, in a circle",
    fix: "Correct alternate-server and tls-alternate-server: they must lead to a server that answers itself.",
  },
  "name-not-found": {
    meaning: "The host name of the server does not resolve here",
    fix: "Correct the host name in the URL, or its DNS records.",
  },
  unusable: {
    meaning: "The browser gave up on the server at once, and does not say why",
    fix: "Start the server, and compare its address and listening-port with the URL. If they are right, run ice-service check: the host name may not resolve here, or the server may have no relay port left.",
  },
  "no-network": {
    meaning: "No answer, and this browser offers no address of its own",
    fix: "Connect this machine to a network: without one, Chromium cannot reach even a TURN server on the same machine. If it is connected, see whether an extension or a policy restricts WebRTC, and test the server with ice-service check.",
  },
  "time-out": {
    meaning: "The server did not answer",
    fix: "Start the server, compare its listening-port with the URL, and open the port in every firewall on the way, for UDP and TCP separately. Some networks block everything but TCP port 443. Set use-auth-secret if it is missing: browsers ignore the answer of a server that asks for no credentials.",
  },
  "tls-failed": {
    meaning: "The server did not answer over TLS, or the browser does not trust its certificate",
    fix: "Run ice-service check, which tells the two apart. The certificate must be of a public authority, complete with intermediates, current, and for the host of the URL. Then open the port in every firewall on the way.",
  },
  "wrong-secret": {
    meaning: "The server rejects the credentials",
    fix: "Compare the secret of ice-service with static-auth-secret of the server, character by character. If they are equal, set the clocks of both by NTP, and see that the server has use-auth-secret.",
  },
  "bad-request": {
    meaning: "The server does not accept the request",
    fix: "Some servers answer so to a wrong secret: compare the secrets. Otherwise check the server's log.",
  },
  forbidden: {
    meaning: "The server refuses to relay for this browser",
    fix: "See the server's denied addresses, and whether it is draining.",
  },
  "stale-nonce": {
    meaning: "The server keeps changing its nonce",
    fix: "Raise the server's stale-nonce, and see that a load balancer keeps each client on one server.",
  },
  "address-family": {
    meaning: "The server has no relay address of the family that was asked for",
    fix: "Give the server a relay-ip of IPv4, the family that browsers get when they ask for none.",
  },
  "unsupported-transport": {
    meaning: "The server does not relay UDP",
    fix: "Let the server relay UDP: browsers ask for nothing else.",
  },
  quota: {
    meaning: "The server has no allocation left for this user, or is full",
    fix: "Raise user-quota, total-quota, or bps-capacity of the server. A client needs room for two relays at a time, to restart ICE. With identity: static, all clients share one user-quota.",
  },
  "no-capacity": {
    meaning: "The server has no relay port left",
    fix: "Widen min-port to max-port of the server, or find out why allocations are not released.",
  },
  "server-error": {
    meaning: "The server reports an error",
    fix: "Check the server's log.",
  },
  "relay-unreachable": {
    meaning: "The relay was made, but packets from outside do not reach it",
    fix: "Set external-ip of the server to its public address, and open its relay ports (min-port to max-port, UDP) in every firewall. Another reason can be denied-peer-ip.",
  },
  "peer-denied": {
    meaning: "The server refuses to relay to this browser's address",
    fix: "Check denied-peer-ip, allowed-peer-ip, and no-loopback-peers of the server. Denying private addresses is right; peers then need a public one.",
  },
  "relay-not-tested": {
    meaning: "The relay was made, but this browser cannot test it",
    fix: "This network blocks UDP, or no STUN server told the browser its public address. Add a working stun: URL to the list, test from another network, or run ice-service check from outside.",
  },
  "no-data": {
    meaning: "The call opened, but no packet came back through the relay",
    fix: "Look for a firewall or a proxy that passes small packets only, and check the server's bandwidth limits (max-bps, bps-capacity).",
  },
  "no-reconnection": {
    meaning: "The call did not come back after an ICE restart",
    fix: "See whether the server is still running. An ICE restart takes a second relay while the first is open: user-quota, total-quota, and the relay ports (min-port to max-port) must have room for both.",
  },
  "poor-quality": {
    meaning: "Calls over this relay lose packets, or packets arrive late or unevenly",
    fix: "Compare it with other relays, and test from another network. If it is poor everywhere, check the server's load and bandwidth limits (max-bps, bps-capacity), or add a server closer to the callers.",
  },
};

/** Only asks for another request (RFC 8489 section 9.2.4), whose answer says more. */
const staleNonce = 438;

const codes = new Map([
  [300, "redirect-loop"],
  [400, "bad-request"],
  [401, "wrong-secret"],
  [403, "forbidden"],
  [staleNonce, "stale-nonce"],
  [440, "address-family"],
  [441, "wrong-secret"],
  [442, "unsupported-transport"],
  [443, "address-family"],
  [486, "quota"],
  [508, "no-capacity"],
  [600, "not-used"],
]);

/**
 * @param {string} name
 * @returns {Cause}
 */
export function findCause(name) {
  const { meaning, fix } = causes[name] ?? { meaning: name, fix: "" };
  return { name, meaning, fix };
}

/** What comes sooner is no time-out. */
const leastTimeOutMs = 5_000;

/**
 * What a server's answer means, which says more than 701: that comes for each network interface.
 * @param {readonly import("./candidate-gathering.js").IceError[]} errors
 * @returns {import("./diagnosis.js").Reason | undefined} undefined if no server has answered
 */
export function explainAnswer(errors) {
  const answers = errors.filter(({ code }) => code < 700);
  const answer = answers.find(({ code }) => code !== staleNonce) ?? answers[0];
  if (answer === undefined) {
    return undefined;
  }
  const cause = findCause(codes.get(answer.code) ?? "server-error");
  return { ...cause, code: answer.code, ...readDetail(answer) };
}

/**
 * Why a server gave no candidate.
 * @param {readonly import("./candidate-gathering.js").IceError[]} errors
 * @param {import("./ice-url.js").Transport} transport
 * @param {number} durationMs until the browser gave up
 * @returns {import("./diagnosis.js").Reason}
 */
export function explainErrors(errors, transport, durationMs) {
  return (
    explainAnswer(errors) ?? {
      ...findCause(nameSilence(errors, transport, durationMs)),
      ...readDetail(errors[0]),
    }
  );
}

/**
 * @param {readonly import("./candidate-gathering.js").IceError[]} errors
 * @param {import("./ice-url.js").Transport} transport
 * @param {number} durationMs
 */
function nameSilence(errors, transport, durationMs) {
  // Chromium's words; others do not say so.
  if (errors.some(({ text }) => text.includes("host lookup"))) {
    return "name-not-found";
  }
  return transport === "tls" ? "tls-failed" : durationMs < leastTimeOutMs ? "unusable" : "time-out";
}

/**
 * A reason phrase is the server's, and may be padded.
 * @param {import("./candidate-gathering.js").IceError | undefined} error
 * @returns {{ detail?: string }}
 */
function readDetail(error) {
  const detail = (error?.text ?? "")
    .replace(/[^ -~]+/g, " ")
    .trim()
    .replace(/\.$/, "");
  return detail === "" ? {} : { detail };
}
