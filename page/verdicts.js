import { readFamily } from "./address.js";

/**
 * @typedef {import("./diagnosis.js").UrlResult} UrlResult
 *
 * @typedef {object} Verdict
 * @property {string} name such as `TCP`
 * @property {"good" | "warning" | "bad" | "none"} level `none`: the list or the network has no such thing
 * @property {string} text one phrase
 */

/**
 * @param {readonly UrlResult[]} results none of them pending
 * @returns {Verdict[]}
 */
export function judge(results) {
  const relays = results.filter(({ url }) => url.isTurn);
  const over = (/** @type {string} */ transport) =>
    relays.filter(({ url }) => url.transport === transport);
  return [
    judgeRelays("UDP", over("udp")),
    judgeRelays("TCP", over("tcp")),
    judgeRelays("TLS", over("tls")),
    judgeFamily("IPv4", results),
    judgeFamily("IPv6", results),
    judgeHosts(results),
    judgeReflexive(results),
    judgeRelays("Relay", relays),
  ];
}

/**
 * @param {string} name
 * @param {readonly UrlResult[]} relays
 * @returns {Verdict}
 */
function judgeRelays(name, relays) {
  if (relays.length === 0) {
    return { name, level: "none", text: "no such TURN URL in the list" };
  }
  const works = relays.filter(({ state }) => state === "works");
  const workCount = works.length;
  const flawedCount = works.filter(({ reason }) => reason !== undefined).length;
  if (workCount === 0 && relays.some(({ state }) => state === "unproven")) {
    return { name, level: "warning", text: "a relay was made, but not proven" };
  }
  return {
    name,
    level: workCount - flawedCount === relays.length ? "good" : workCount === 0 ? "bad" : "warning",
    text: [
      `${workCount} of ${relays.length} ${relays.length === 1 ? "URL carries" : "URLs carry"} calls`,
      ...(flawedCount === 0 ? [] : [`${flawedCount} with problems`]),
    ].join(", "),
  };
}

/**
 * @param {"IPv4" | "IPv6"} name
 * @param {readonly UrlResult[]} results
 * @returns {Verdict}
 */
function judgeFamily(name, results) {
  const isOf = (/** @type {string | undefined} */ address) => readFamily(address ?? "") === name;
  const states = results
    .filter(({ url, candidates }) => {
      const relays = candidates.filter(({ type }) => type === "relay");
      return relays.length === 0
        ? url.isTurn && isOf(url.host)
        : relays.some(({ address }) => isOf(address));
    })
    .map(({ state }) => state);
  if (states.includes("works")) {
    return { name, level: "good", text: `calls go through a relay with an ${name} address` };
  }
  if (states.includes("unproven")) {
    return {
      ...{ name, level: "warning" },
      text: `a relay with an ${name} address was made, but not proven`,
    };
  }
  if (states.includes("fails")) {
    return { name, level: "bad", text: `no call goes through a relay with an ${name} address` };
  }
  const isSeen = results
    .flatMap(({ candidates }) => candidates)
    .some(({ type, address, mappedAddress }) => isOf(type === "srflx" ? address : mappedAddress));
  return {
    name,
    level: "none",
    text: isSeen
      ? `this browser has an ${name} address, but no relay has`
      : `no server has seen this browser over ${name}`,
  };
}

/**
 * @param {readonly UrlResult[]} results
 * @returns {Verdict}
 */
function judgeHosts(results) {
  // Of one URL: Firefox hides the same addresses behind other names each time.
  const counts = results.map(({ candidates }) => {
    const hosts = candidates.filter(({ type, protocol }) => type === "host" && protocol === "udp");
    return new Set(hosts.map(({ address }) => address)).size;
  });
  const count = Math.max(0, ...counts);
  return count === 0
    ? { name: "Host", level: "warning", text: "this browser offers no address of its own" }
    : {
        name: "Host",
        level: "good",
        text: `${count} local ${count === 1 ? "address" : "addresses"}`,
      };
}

/**
 * @param {readonly UrlResult[]} results
 * @returns {Verdict}
 */
function judgeReflexive(results) {
  const name = "Reflexive";
  const candidates = results.flatMap((result) => result.candidates);
  const addresses = new Set(
    candidates.filter(({ type }) => type === "srflx").map(({ address }) => address),
  );
  if (addresses.size > 0) {
    return { name, level: "good", text: `seen as ${[...addresses].join(" and ")}` };
  }
  const stun = results.filter(({ url }) => !url.isTurn);
  if (stun.length === 0) {
    return { name, level: "none", text: "no STUN URL in the list" };
  }
  return stun.some(({ state }) => state === "works")
    ? { name, level: "good", text: "the public address is a local one: no NAT" }
    : { name, level: "bad", text: "no STUN server answers" };
}
