import { findElement } from "./element.js";
import { printReport } from "./report.js";

/** @typedef {import("./report.js").Report} Report */

const text = findElement("report", HTMLTextAreaElement);
const copied = findElement("copied", HTMLElement);
/** @type {Report | undefined} */
let shown;

for (const [id, print] of /** @type {const} */ ([
  ["copy-text", printReport],
  ["copy-json", printJson],
])) {
  findElement(id, HTMLButtonElement).addEventListener("click", async () => {
    if (shown !== undefined) {
      text.value = print(shown);
      copied.textContent = (await copy()) ? "Copied." : "Copy it from the field below.";
    }
  });
}

/** @param {Report} report */
export function showReport(report) {
  shown = report;
  text.value = printReport(report);
  copied.textContent = "";
  const { browser, time, service } = report;
  findElement("origin", HTMLElement).textContent =
    `${browser.name} ${browser.version}, ${time}, ${service}`;
  findElement("report-section", HTMLElement).hidden = false;
}

/** Fractions of a thousandth help nobody. */
function printJson(/** @type {Report} */ report) {
  return JSON.stringify(
    report,
    (_, value) => (typeof value === "number" ? Math.round(value * 1000) / 1000 : value),
    2,
  );
}

/** Browsers have a clipboard on HTTPS and localhost only. Elsewhere the reader copies from the field. */
async function copy() {
  try {
    await navigator.clipboard.writeText(text.value);
    return true;
  } catch {
    text.closest("details")?.setAttribute("open", "");
    text.focus();
    text.select();
    return false;
  }
}
