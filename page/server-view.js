import { createElement } from "./element.js";
import { drawBars, drawCurve } from "./plot.js";
import { printNumber, printReason, printReconnection } from "./report.js";

/** @typedef {import("./diagnosis.js").UrlResult} UrlResult */

const states = {
  pending: { icon: "…", text: "Calling", level: "none" },
  works: { icon: "✓", text: "Works", level: "good" },
  fails: { icon: "✗", text: "Fails", level: "bad" },
  unproven: { icon: "!", text: "Not proven", level: "warning" },
};

const worksWithFlaw = { icon: "!", text: "Works with problems", level: "warning" };

/**
 * @param {UrlResult} result
 * @returns {HTMLElement}
 */
export function showServer(result) {
  const { url, state, reason, relay } = result;
  const { icon, text, level } =
    state === "works" && reason !== undefined ? worksWithFlaw : states[state];
  return createElement("article", { class: "card", "data-state": state }, [
    createElement("h3", {}, [url.text]),
    createElement("p", { class: `state ${level}` }, [
      createElement("span", { class: "icon", "aria-hidden": "true" }, [icon]),
      createElement("strong", {}, [text]),
      createElement("span", { class: "faint" }, [describe(result)]),
    ]),
    ...(reason === undefined
      ? []
      : [
          createElement("p", {}, [
            createElement("a", { href: `#fix-${reason.name}` }, [reason.name]),
            ` ${printReason(reason)}`,
          ]),
        ]),
    ...(relay === undefined ? [] : showRelay(relay)),
  ]);
}

/** @param {UrlResult} result */
function describe({ url, state, candidates, durationMs }) {
  const relays = candidates.filter(({ type }) => type === "relay");
  const protocol = relays[0]?.relayProtocol ?? url.transport;
  const time = `${Math.round(durationMs)} ms`;
  if (relays.length > 0) {
    const addresses = relays.map(({ address, port }) => printAddress(address, port));
    return `relay ${addresses.join(", ")} over ${protocol} in ${time}`;
  }
  return state === "works" ? `answered in ${time}` : `after ${time}`;
}

/**
 * @param {string} address
 * @param {number} port
 */
function printAddress(address, port) {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** @param {import("./relay-test.js").RelayResult} relay */
function showRelay({ openMs, traffic, reconnection }) {
  const { outbound, inbound, samples } = traffic;
  const both = (
    /** @type {number} */ there,
    /** @type {number} */ back,
    /** @type {string} */ unit,
  ) => `${printNumber(there)} ${unit} to the peer, ${printNumber(back)} ${unit} back`;
  /** @type {[name: string, value: string][]} */
  const rows = [
    ["Quality", traffic.quality],
    ["Loss", both(outbound.lossPercent, inbound.lossPercent, "%")],
    ["Jitter", both(outbound.jitterMs, inbound.jitterMs, "ms")],
    [
      "Round trip",
      `${printNumber(traffic.roundTripMs)} ms, ${printNumber(traffic.roundTripP95Ms)} ms for 95 %`,
    ],
    ["Received", `${(traffic.receivedBitsPerSecond / 1e6).toFixed(2)} Mbit/s`],
    ["Opened", `in ${Math.round(openMs)} ms`],
    ["After an ICE restart", printReconnection(reconnection)],
  ];
  return [
    createElement(
      "dl",
      { class: "metrics" },
      rows.map(([name, value]) =>
        createElement("div", {}, [
          createElement("dt", {}, [name]),
          createElement("dd", {}, [value]),
        ]),
      ),
    ),
    createElement("div", { class: "plots" }, [
      drawCurve(
        "Round trip, ms",
        samples.flatMap(({ atMs, roundTripMs }) =>
          roundTripMs === undefined ? [] : [{ atMs, value: roundTripMs }],
        ),
      ),
      drawCurve(
        "Jitter, ms",
        samples.map(({ atMs, jitterMs }) => ({ atMs, value: jitterMs })),
      ),
      drawBars(
        "Loss, %",
        samples.map(({ atMs, lossPercent }) => ({ atMs, value: lossPercent })),
      ),
    ]),
  ];
}
