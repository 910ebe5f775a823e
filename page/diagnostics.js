// Gets the list, tries each URL, and makes a call through the relay.
import { fetchIceServers } from "./ice-servers.js";
import { drawPlot } from "./plot.js";
import { makeRelayedCall } from "./relayed-call.js";
import { probeUrl } from "./url-probe.js";

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
function find(selector, type) {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) {
    throw new Error(`the page has no ${selector}`);
  }
  return element;
}

const form = find("form", HTMLFormElement);
const button = find("button", HTMLButtonElement);
const token = find("#token", HTMLInputElement);
const region = find("#region", HTMLInputElement);
const status = find("#status", HTMLElement);
const validity = find("#validity", HTMLElement);
const servers = find("#servers", HTMLElement);
const callText = find("#call", HTMLElement);
const plots = find("#plots", HTMLElement);
const [serverSection, callSection] = document.querySelectorAll("section");

// The part after # never leaves the browser: a link may carry the token there.
const carried = new URLSearchParams(location.hash.slice(1)).get("token");
if (carried !== null) {
  token.value = carried;
  history.replaceState(null, "", location.pathname);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  button.disabled = true;
  test()
    .catch((error) => {
      status.textContent = `Failed: ${error.message}`;
      status.className = "bad";
    })
    .finally(() => {
      button.disabled = false;
    });
});

async function test() {
  status.className = "";
  status.textContent = "Getting the list…";
  servers.replaceChildren();
  plots.replaceChildren();
  plots.hidden = true;
  callText.textContent = "";
  for (const section of [serverSection, callSection]) {
    section?.toggleAttribute("hidden", true);
  }
  const {
    iceServers,
    ttlSeconds,
    region: served,
  } = await fetchIceServers(token.value.trim(), region.value.trim());
  validity.textContent = [
    served === undefined ? "" : `Region ${served}.`,
    ttlSeconds === undefined ? "" : `The credentials are valid for ${printSeconds(ttlSeconds)}.`,
  ].join(" ");
  serverSection?.toggleAttribute("hidden", false);
  status.textContent = "Trying each URL…";
  const results = await Promise.all(
    iceServers.flatMap(({ urls, ...credentials }) =>
      [urls].flat().map((url) => probeInRow({ urls: url, ...credentials }, url)),
    ),
  );
  const working = results.filter(({ works }) => works).length;
  const relays = results.some(({ works, relays: isRelay }) => works && isRelay);
  const summary = `${working} of ${results.length} URLs work`;
  if (relays) {
    status.textContent = `${summary}. Calling through the relay…`;
    callSection?.toggleAttribute("hidden", false);
    await call(iceServers);
  }
  status.textContent = relays
    ? `${summary}.`
    : `${summary}; none of them relays: calls from behind a strict firewall will fail.`;
  status.className = relays ? (working === results.length ? "good" : "") : "bad";
}

/**
 * @param {RTCIceServer} server
 * @param {string} url
 */
async function probeInRow(server, url) {
  const row = servers.appendChild(document.createElement("tr"));
  const title = row.appendChild(document.createElement("th"));
  title.scope = "row";
  title.textContent = url;
  const cells = ["Trying…", "", ""].map((text) => {
    const cell = row.appendChild(document.createElement("td"));
    cell.textContent = text;
    return cell;
  });
  const result = await probeUrl(server, url);
  const texts = [
    result.works ? `✓ ${result.text}` : `✗ ${result.text}`,
    result.candidates.join(", ") || "none",
    `${Math.round(result.durationMs)} ms`,
  ];
  for (const [index, cell] of cells.entries()) {
    cell.textContent = texts[index] ?? "";
  }
  row.dataset["works"] = String(result.works);
  cells[0]?.classList.add(result.works ? "good" : "bad");
  return result;
}

/** @param {RTCIceServer[]} iceServers */
async function call(iceServers) {
  callText.className = "";
  callText.textContent = "Calling…";
  try {
    const samples = await makeRelayedCall(iceServers, (text) => {
      callText.textContent = text;
    });
    callText.classList.add("good");
    plots.append(
      drawPlot(
        "Bitrate, Mbit/s",
        samples.map(({ atMs, bitsPerSecond }) => [atMs, bitsPerSecond / 1e6]),
      ),
      drawPlot(
        "Round trip, ms",
        samples.map(({ atMs, roundTripMs }) => [atMs, roundTripMs]),
      ),
    );
    plots.hidden = false;
  } catch (error) {
    callText.textContent = `Failed: ${error instanceof Error ? error.message : error}`;
    callText.classList.add("bad");
  }
}

/** @param {number} seconds */
function printSeconds(seconds) {
  const [count, unit] =
    seconds >= 7200
      ? [seconds / 3600, "hours"]
      : seconds >= 120
        ? [seconds / 60, "minutes"]
        : [seconds, "seconds"];
  return `${Math.round(count)} ${unit}`;
}
