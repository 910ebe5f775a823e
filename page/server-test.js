import { isLoopback, readFamily } from "./address.js";
import { isFirefox } from "./browser.js";
import { gatherCandidates } from "./candidate-gathering.js";
import { explainAnswer, explainErrors, findCause } from "./causes.js";
import { readIceUrl, toStunUrl } from "./ice-url.js";

/** @typedef {import("./diagnosis.js").UrlResult} UrlResult */

/**
 * Where the network of this browser ends, as far as servers have told.
 * @typedef {object} Network
 * @property {string[]} mappedAddresses from which servers see this browser
 * @property {boolean} hasUdp whether an answer came over UDP
 */

/** A browser that reports no errors ends its gathering silently when a server has not answered. */
const answerWithinMs = 5_000;

/**
 * Asks the server of one URL: for an address, or for a relay.
 * @param {RTCIceServer & { urls: string }} server
 * @returns {Promise<UrlResult>} pending if there is a relay
 */
export async function testServer(server) {
  const url = readIceUrl(server.urls);
  const wanted = url.isTurn ? "relay" : "srflx";
  const startMs = performance.now();
  let gathering;
  try {
    gathering = await gatherCandidates(server, wanted);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const durationMs = performance.now() - startMs;
    const reason = { ...findCause("invalid-url"), detail };
    return { url, state: "fails", reason, candidates: [], durationMs };
  }
  const { candidates, errors, isComplete, durationMs } = gathering;
  const result = { url, candidates, durationMs };
  if (candidates.some(({ type }) => type === wanted)) {
    return { ...result, state: url.isTurn ? "pending" : "works" };
  }
  if (isComplete && errors.length === 0 && durationMs < answerWithinMs) {
    const reason = explainSilence(url, candidates);
    return reason === undefined
      ? { ...result, state: "works" }
      : { ...result, state: "fails", reason };
  }
  const reason =
    isFirefox() && isLoopback(url.host) && errors.every(({ code }) => code === 701)
      ? findCause("loopback")
      : explainFailure(url, gathering);
  return { ...result, state: "fails", reason };
}

/**
 * What it means that a browser has tried a URL without success.
 * @param {import("./ice-url.js").IceUrl} url
 * @param {import("./candidate-gathering.js").Gathering} gathering
 * @returns {import("./diagnosis.js").Reason}
 */
export function explainFailure(url, { candidates, errors, durationMs }) {
  return candidates.length > 0
    ? explainErrors(errors, url.transport, durationMs)
    : (explainAnswer(errors) ?? findCause("no-network"));
}

/**
 * What it means that a browser ends its gathering soon, with neither the candidate nor an error. Firefox
 * says nothing of a certificate that it does not trust, nor of a URL that it leaves out.
 * @param {import("./ice-url.js").IceUrl} url
 * @param {readonly import("./candidate-gathering.js").Candidate[]} candidates
 * @returns {import("./causes.js").Cause | undefined} undefined if the server may have answered
 */
export function explainSilence({ text, host, isTurn, transport }, candidates) {
  const family = readFamily(host);
  // A browser does not name a public address again that it has named as its own.
  const isNamed = candidates.some(({ type, address }) => {
    const named = type === "host" ? readFamily(address) : undefined;
    return named !== undefined && named === (family ?? named);
  });
  if (!isTurn && isNamed) {
    return undefined;
  }
  const isLeftOut = /transport=udp/i.test(text) || family !== undefined;
  return findCause(transport === "tls" && !isLeftOut ? "tls-failed" : "not-used");
}

/**
 * @param {readonly UrlResult[]} results
 * @returns {Promise<Network>}
 */
export async function findMappedAddresses(results) {
  const network = readNetwork(results.flatMap(({ candidates }) => candidates));
  const relays = results.filter(({ state }) => state === "pending");
  if (network.mappedAddresses.length > 0 || relays.length === 0) {
    return network;
  }
  // TURN over TCP or TLS alone: most servers answer STUN over UDP at the same port.
  const urls = [...new Set(relays.map(({ url }) => toStunUrl(url)))];
  const gatherings = await Promise.all(urls.map((url) => gatherCandidates({ urls: url }, "srflx")));
  return readNetwork(gatherings.flatMap(({ candidates }) => candidates));
}

/**
 * @param {readonly import("./candidate-gathering.js").Candidate[]} candidates
 * @returns {Network}
 */
function readNetwork(candidates) {
  const mapped = candidates.flatMap(({ type, address, mappedAddress }) =>
    type === "srflx" ? [address] : mappedAddress === undefined ? [] : [mappedAddress],
  );
  return {
    mappedAddresses: [...new Set(mapped)].filter((address) => !/^(0\.0\.0\.0|::)?$/.test(address)),
    hasUdp: candidates.some(
      ({ type, relayProtocol }) => type === "srflx" || relayProtocol === "udp",
    ),
  };
}
