import { isPrivate } from "./address.js";
import { explainAnswer, explainErrors, findCause } from "./causes.js";
import { exchangePacket, packetBytes, sendPacedTraffic } from "./paced-traffic.js";
import { summarizeTraffic } from "./traffic-summary.js";

/**
 * @typedef {import("./diagnosis.js").UrlResult} UrlResult
 * @typedef {import("./relay-call.js").RelayCall} RelayCall
 * @typedef {import("./server-test.js").Network} Network
 *
 * @typedef {object} RelayResult
 * @property {number} openMs until the call could send data
 * @property {import("./traffic-summary.js").TrafficSummary} traffic
 * @property {{ durationMs: number } | { failure: string }} reconnection after an ICE restart
 */

/**
 * @param {Pick<RelayCall, "open" | "explainFailure" | "errors">} call
 * @param {Network} network
 * @param {Pick<UrlResult, "url" | "candidates">} result of the URL so far
 * @returns {Promise<number | Pick<UrlResult, "state" | "reason">>} the milliseconds until it was open, or why not
 */
export async function openCall(call, network, { url, candidates }) {
  const startMs = performance.now();
  try {
    return await call.open();
  } catch {
    const failure = await call.explainFailure();
    if (failure === "no-relay") {
      // There was one a moment ago: a quota may be small.
      const durationMs = performance.now() - startMs;
      return { state: "fails", reason: explainErrors(call.errors, url.transport, durationMs) };
    }
    if (failure === "denied") {
      return { state: "fails", reason: findCause("peer-denied") };
    }
    const detail = describeRelays(candidates, network);
    return failure === "no-permission" || !network.hasUdp
      ? { state: "unproven", reason: { ...findCause("relay-not-tested"), detail } }
      : { state: "fails", reason: { ...findCause("relay-unreachable"), detail } };
  }
}

/**
 * Sends traffic, and reconnects.
 * @param {RelayCall} call
 * @param {number} openMs
 * @returns {Promise<Pick<UrlResult, "state" | "reason" | "relay">>}
 */
export async function measureRelay(call, openMs) {
  const traffic = summarizeTraffic(await sendPacedTraffic(call), packetBytes);
  if (traffic.returnedCount === 0) {
    return { state: "fails", reason: findCause("no-data") };
  }
  const errorCount = call.errors.length;
  const reconnection = await call
    .restart(() => exchangePacket(call))
    .then(
      (durationMs) => ({ durationMs }),
      (error) => ({ failure: error instanceof Error ? error.message : String(error) }),
    );
  const relay = { openMs, traffic, reconnection };
  return { ...judgeRelay(relay, call.errors.slice(errorCount)), relay };
}

/**
 * What to say of a relay that has carried traffic. One that loses the call as well fails: its server may
 * have stopped in between.
 * @param {RelayResult} relay
 * @param {readonly import("./candidate-gathering.js").IceError[]} errors since the ICE restart
 * @returns {Pick<UrlResult, "state" | "reason">}
 */
export function judgeRelay({ traffic, reconnection }, errors) {
  const isPoor = traffic.quality === "poor";
  if ("failure" in reconnection) {
    const reason = explainAnswer(errors) ?? findCause("no-reconnection");
    return { state: isPoor ? "fails" : "works", reason };
  }
  return { state: "works", ...(isPoor && { reason: findCause("poor-quality") }) };
}

/**
 * @param {readonly import("./candidate-gathering.js").Candidate[]} candidates
 * @param {Network} network
 */
function describeRelays(candidates, { mappedAddresses }) {
  const relays = candidates.filter(({ type }) => type === "relay").map(({ address }) => address);
  const isHidden = relays.some(isPrivate) && mappedAddresses.some((address) => !isPrivate(address));
  const addresses = [...new Set(relays)].join(", ");
  return `the relay's address is ${addresses}${isHidden ? ", which is private: set external-ip" : ""}`;
}
