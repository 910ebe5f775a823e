import { createElement, findElement } from "./element.js";
import { showServer } from "./server-view.js";

/**
 * @typedef {import("./diagnosis.js").UrlResult} UrlResult
 * @typedef {import("./verdicts.js").Verdict} Verdict
 */

const icons = { good: "✓", warning: "!", bad: "✗", none: "–" };
/** What the icons say, for those who do not see them. */
const levels = { good: "good", warning: "warning", bad: "bad", none: "not available" };

/** Shows nothing, as before the first test. */
export function clearResults() {
  for (const section of document.querySelectorAll("section")) {
    section.hidden = true;
  }
}

/** @param {readonly UrlResult[]} results */
export function showServers(results) {
  fill("servers", results.map(showServer));
  fill("candidates", listCandidates(results));
}

/** @param {readonly Verdict[]} verdicts */
export function showVerdicts(verdicts) {
  fill(
    "verdicts",
    verdicts.map(({ name, level, text }) =>
      createElement("li", { class: `card ${level}` }, [
        createElement("span", { class: "icon", role: "img", "aria-label": levels[level] }, [
          icons[level],
        ]),
        createElement("strong", {}, [name]),
        createElement("span", { class: "faint" }, [text]),
      ]),
    ),
  );
}

/**
 * One entry for each cause, which the servers link to.
 * @param {readonly UrlResult[]} results
 */
export function showFixes(results) {
  const reasons = new Map(
    results.flatMap(({ reason }) => (reason === undefined ? [] : [[reason.name, reason]])),
  );
  fill(
    "fixes",
    [...reasons.values()].map(({ name, meaning, fix }) => {
      const urls = results.filter(({ reason }) => reason?.name === name);
      return createElement("div", { class: "card", id: `fix-${name}`, tabindex: "-1" }, [
        createElement("dt", {}, [createElement("code", {}, [name]), ` ${meaning}`]),
        createElement("dd", {}, [fix]),
        createElement("dd", { class: "faint" }, [urls.map(({ url }) => url.text).join(", ")]),
      ]);
    }),
  );
}

/**
 * The host candidates of the first URL only, though every URL brings them again.
 * @param {readonly UrlResult[]} results
 */
function listCandidates(results) {
  const first = results.find(({ candidates }) => candidates.some(({ type }) => type === "host"));
  return results.flatMap((result) =>
    result.candidates
      .filter(({ type }) => type !== "host" || result === first)
      .map(({ type, address, port, protocol, relayProtocol, url, atMs }) => {
        const texts = [
          type,
          address,
          String(port),
          relayProtocol === undefined ? protocol : `${protocol}, over ${relayProtocol}`,
          url === "" ? "–" : url,
          `${atMs} ms`,
        ];
        return createElement(
          "tr",
          {},
          texts.map((text) => createElement("td", {}, [text])),
        );
      }),
  );
}

/**
 * Replaces what an element holds, and shows its section if that is something.
 * @param {string} id
 * @param {readonly HTMLElement[]} children
 */
function fill(id, children) {
  const element = findElement(id, HTMLElement);
  element.replaceChildren(...children);
  element.closest("section")?.toggleAttribute("hidden", children.length === 0);
}
