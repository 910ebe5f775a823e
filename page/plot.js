const namespace = "http://www.w3.org/2000/svg";
const size = { width: 420, height: 170 };
const frame = { left: 48, top: 28, right: 410, bottom: 145 };

/**
 * A curve over time, as an SVG image with its range in words.
 * @param {string} title
 * @param {[atMs: number, value: number][]} points
 * @returns {SVGElement}
 */
export function drawPlot(title, points) {
  const values = points.map(([, value]) => value);
  const top = Math.max(...values, 1e-3) * 1.1;
  const endMs = points.at(-1)?.[0] ?? 1;
  const toX = (/** @type {number} */ atMs) =>
    frame.left + (atMs / endMs) * (frame.right - frame.left);
  const toY = (/** @type {number} */ value) =>
    frame.bottom - (value / top) * (frame.bottom - frame.top);
  const path = points.map(([atMs, value]) => `${toX(atMs).toFixed(1)},${toY(value).toFixed(1)}`);
  const range = `from ${print(Math.min(...values))} to ${print(Math.max(...values))}`;

  const svg = element("svg", { viewBox: `0 0 ${size.width} ${size.height}`, role: "img" });
  svg.setAttribute("aria-label", `${title}: ${range} in ${(endMs / 1000).toFixed(1)} seconds`);
  const { left, right, bottom } = frame;
  svg.append(
    text(title, { x: left, y: 16 }),
    element("path", { class: "frame", d: `M${left},${frame.top}V${bottom}H${right}` }),
    text(print(top), { x: left - 6, y: frame.top + 5, "text-anchor": "end", class: "faint" }),
    text("0", { x: left - 6, y: bottom + 4, "text-anchor": "end", class: "faint" }),
    text(`${(endMs / 1000).toFixed(1)} s`, {
      x: right,
      y: bottom + 18,
      "text-anchor": "end",
      class: "faint",
    }),
    element("polyline", { class: "curve", points: path.join(" ") }),
  );
  return svg;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function element(name, attributes) {
  const created = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) {
    created.setAttribute(key, String(value));
  }
  return created;
}

/**
 * @param {string} content
 * @param {Record<string, string | number>} attributes
 */
function text(content, attributes) {
  const created = element("text", attributes);
  created.textContent = content;
  return created;
}

/** @param {number} value */
function print(value) {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
