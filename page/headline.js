/**
 * @typedef {import("./diagnosis.js").UrlResult} UrlResult
 *
 * @typedef {object} Headline what a person looks at first
 * @property {"good" | "warning" | "bad"} level `good` only if everything works, and calls went through relays
 * @property {string} text one or two sentences
 */

/**
 * @param {readonly UrlResult[]} results none of them pending
 * @returns {Headline}
 */
export function summarize(results) {
  if (results.length === 0) {
    return { level: "bad", text: "The list is empty." };
  }
  const works = results.filter(({ state }) => state === "works");
  const isOne = works.length === 1 || results.length === 1;
  const count = `${works.length} of ${countUrls(results.length)} ${isOne ? "works" : "work"}`;
  const relays = results.filter(({ url }) => url.isTurn);
  if (relays.length === 0) {
    return {
      level: works.length === 0 ? "bad" : "warning",
      text: `${count}. The list has no TURN server: calls from behind a strict firewall will fail.`,
    };
  }
  const proven = relays.filter(({ state }) => state === "works");
  if (proven.length === 0) {
    return relays.some(({ state }) => state === "unproven")
      ? { level: "warning", text: `No relay could be proven from this network. ${count}.` }
      : { level: "bad", text: `No call went through a relay. ${count}.` };
  }
  const calls = `Calls go through ${proven.length === 1 ? "1 relay" : `${proven.length} relays`}`;
  if (works.length < results.length) {
    return { level: "warning", text: `${calls}, but only ${count}.` };
  }
  const weakness = describeWeakness(proven);
  return weakness === undefined
    ? { level: "good", text: `All is well: ${count}. ${calls}.` }
    : { level: "warning", text: `${calls}, but ${weakness}.` };
}

/** @param {number} count */
function countUrls(count) {
  return count === 1 ? "1 URL" : `${count} URLs`;
}

/** @param {readonly UrlResult[]} proven */
function describeWeakness(proven) {
  const poor = proven.filter(({ relay }) => relay?.traffic.quality === "poor");
  const lost = proven.filter(({ relay }) => relay !== undefined && "failure" in relay.reconnection);
  if (lost.length > 0) {
    return `calls over ${countUrls(lost.length)} do not survive an ICE restart`;
  }
  return poor.length > 0 ? `the quality is poor over ${countUrls(poor.length)}` : undefined;
}
