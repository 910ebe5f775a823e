import { RelayCall } from "./relay-call.js";
import { measureRelay, openCall } from "./relay-test.js";
import { findMappedAddresses, testServer } from "./server-test.js";

/**
 * @typedef {object} UrlResult
 * @property {import("./ice-url.js").IceUrl} url
 * @property {"pending" | "works" | "fails" | "unproven"} state a TURN URL works if a call went through
 *   its relay; it is pending once it has made one
 * @property {Reason} [reason] what is wrong; also of a TURN URL that works, but not well
 * @property {import("./candidate-gathering.js").Candidate[]} candidates
 * @property {number} durationMs until the server's answer, or until the failure
 * @property {import("./relay-test.js").RelayResult} [relay] of a TURN URL whose call opened
 *
 * @typedef {import("./causes.js").Cause & { code?: number, detail?: string }} Reason
 */

/**
 * Tries each URL alone, calls through each relay, and sends traffic through one after the other.
 * @param {readonly RTCIceServer[]} iceServers
 * @param {(step: string, results: readonly UrlResult[]) => void} report what is done now, and what is known
 * @returns {Promise<UrlResult[]>} in the order of the list; none is pending
 */
export async function diagnose(iceServers, report) {
  const servers = iceServers.flatMap(({ urls, ...credentials }) =>
    [urls].flat().map((url) => ({ ...credentials, urls: url })),
  );
  report("Asking each server…", []);
  const results = await Promise.all(servers.map(testServer));
  const network = await findMappedAddresses(results);
  /** @type {{ index: number, result: UrlResult, call: RelayCall }[]} */
  const calls = [];
  try {
    for (const [index, server] of servers.entries()) {
      const result = results[index];
      if (result?.state === "pending") {
        calls.push({ index, result, call: new RelayCall(server, network.mappedAddresses) });
      }
    }
    const update = (/** @type {number} */ index, /** @type {Partial<UrlResult>} */ change) => {
      const result = results[index];
      if (result !== undefined) {
        results[index] = { ...result, ...change };
      }
    };
    report("Calling through each relay…", results);
    const opened = await Promise.all(
      calls.map(async ({ index, result, call }) => {
        const outcome = await openCall(call, network, result);
        if (typeof outcome === "number") {
          return [{ index, call, openMs: outcome }];
        }
        update(index, outcome);
        return [];
      }),
    );
    for (const [position, { index, call, openMs }] of opened.flat().entries()) {
      report(`Sending traffic through relay ${position + 1} of ${opened.flat().length}…`, results);
      update(index, await measureRelay(call, openMs));
    }
  } finally {
    for (const { call } of calls) {
      call.close();
    }
  }
  return results;
}
