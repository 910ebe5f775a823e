// Gets the list, tries each URL, calls through each relay, and shows what came of it.
import { describeBrowser } from "./browser.js";
import { diagnose } from "./diagnosis.js";
import { findElement } from "./element.js";
import { summarize } from "./headline.js";
import { fetchIceServers } from "./ice-servers.js";
import { showReport } from "./report-view.js";
import { clearResults, showFixes, showServers, showVerdicts } from "./result-view.js";
import { judge } from "./verdicts.js";

const form = document.querySelector("form");
const button = form?.querySelector("button");
const token = findElement("token", HTMLInputElement);
const region = findElement("region", HTMLInputElement);
const status = findElement("status", HTMLElement);
const progress = findElement("progress", HTMLProgressElement);
const validity = findElement("validity", HTMLElement);

// The part after # never leaves the browser: a link may carry the token there.
const carried = new URLSearchParams(location.hash.slice(1)).get("token");
if (carried !== null) {
  token.value = carried;
  history.replaceState(null, "", location.pathname);
}

let isRunning = false;
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isRunning) {
    return;
  }
  isRunning = true;
  // A button that is disabled loses the focus.
  button?.setAttribute("aria-disabled", "true");
  progress.hidden = false;
  try {
    await test();
  } catch (error) {
    tell(`Failed: ${error instanceof Error ? error.message : error}`, "bad");
  }
  isRunning = false;
  button?.removeAttribute("aria-disabled");
  progress.hidden = true;
});

async function test() {
  clearResults();
  tell("Getting the list…");
  const list = await fetchIceServers(token.value.trim(), region.value.trim());
  validity.textContent = [
    ...(list.region === undefined ? [] : [`Region ${list.region}.`]),
    ...(list.ttlSeconds === undefined
      ? []
      : [`The credentials are valid for ${printSeconds(list.ttlSeconds)}.`]),
  ].join(" ");
  const urls = await diagnose(list.iceServers, (step, results) => {
    tell(step);
    showServers(results);
  });
  const headline = summarize(urls);
  const verdicts = judge(urls);
  showServers(urls);
  showVerdicts(verdicts);
  showFixes(urls);
  showReport({
    time: new Date().toISOString(),
    service: location.origin,
    ...(list.region !== undefined && { region: list.region }),
    ...(list.ttlSeconds !== undefined && { ttlSeconds: list.ttlSeconds }),
    browser: await describeBrowser(),
    ...{ headline, verdicts, urls },
  });
  tell(headline.text, headline.level);
}

/**
 * @param {string} text
 * @param {"" | "good" | "warning" | "bad"} level
 */
function tell(text, level = "") {
  status.textContent = text;
  status.className = level;
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
