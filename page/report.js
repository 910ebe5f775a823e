/**
 * What is copied for a colleague: no token, no username, and no credential is part of it.
 * @typedef {object} Report
 * @property {string} time ISO 8601, UTC
 * @property {string} service the origin of the page
 * @property {string} [region]
 * @property {number} [ttlSeconds]
 * @property {import("./browser.js").BrowserDescription} browser
 * @property {import("./headline.js").Headline} headline
 * @property {import("./verdicts.js").Verdict[]} verdicts
 * @property {import("./diagnosis.js").UrlResult[]} urls
 */

/** @param {Report} report */
export function printReport(report) {
  const { time, service, region, ttlSeconds, browser, headline, verdicts, urls } = report;
  return [
    `Result: ${headline.text}`,
    `Time: ${time}`,
    `Browser: ${browser.name} ${browser.version}`,
    `User agent: ${browser.userAgent}`,
    `Service: ${service}${region === undefined ? "" : `, region ${region}`}`,
    ...(ttlSeconds === undefined ? [] : [`Credentials valid for: ${ttlSeconds} s`]),
    "",
    ...verdicts.map(
      ({ name, level, text }) => `${name}: ${level === "none" ? "-" : level}, ${text}`,
    ),
    ...urls.flatMap((result) => ["", ...printUrl(result)]),
    "",
  ].join("\n");
}

/** @param {import("./diagnosis.js").UrlResult} result */
function printUrl({ url, state, reason, candidates, durationMs, relay }) {
  return [
    `${url.text}: ${state} (${Math.round(durationMs)} ms)`,
    ...(reason === undefined
      ? []
      : [`  ${reason.name}: ${printReason(reason)}`, `  Fix: ${reason.fix}`]),
    ...(relay === undefined ? [] : printRelay(relay).map((line) => `  ${line}`)),
    ...candidates.map(
      ({ type, address, port, protocol, relayProtocol, mappedAddress, atMs }) =>
        `  ${type} ${address} ${port} ${protocol}${
          relayProtocol === undefined ? "" : ` over ${relayProtocol}`
        }${mappedAddress === undefined ? "" : `, seen as ${mappedAddress}`} (${atMs} ms)`,
    ),
  ];
}

/** @param {import("./diagnosis.js").Reason} reason */
export function printReason({ meaning, code, detail }) {
  return [
    meaning,
    ...(code === undefined ? [] : [` (${code})`]),
    detail === undefined ? "." : `: ${detail}.`,
  ].join("");
}

/** @param {import("./relay-test.js").RelayResult} relay */
function printRelay({ openMs, traffic, reconnection }) {
  const { outbound, inbound } = traffic;
  return [
    `Call opened in ${Math.round(openMs)} ms`,
    `Quality ${traffic.quality}: ${traffic.returnedCount} of ${traffic.sentCount} packets came back`,
    `Loss: ${printNumber(outbound.lossPercent)} % to the peer, ${printNumber(inbound.lossPercent)} % back`,
    `Jitter: ${printNumber(outbound.jitterMs)} ms to the peer, ${printNumber(inbound.jitterMs)} ms back`,
    `Round trip: ${printNumber(traffic.roundTripMs)} ms median, ${printNumber(traffic.roundTripP95Ms)} ms for 95 %`,
    `After an ICE restart: ${printReconnection(reconnection)}`,
  ];
}

/** @param {import("./relay-test.js").RelayResult["reconnection"]} reconnection */
export function printReconnection(reconnection) {
  return "failure" in reconnection
    ? `no reconnection: ${reconnection.failure}`
    : `reconnected in ${Math.round(reconnection.durationMs)} ms`;
}

/**
 * With two digits or more where the number has them.
 * @param {number} value not negative, or NaN
 */
export function printNumber(value) {
  if (Number.isNaN(value)) {
    return "–";
  }
  return value === 0 || value >= 10 ? value.toFixed(0) : value.toFixed(1);
}
