import { printNumber } from "./report.js";

const namespace = "http://www.w3.org/2000/svg";
const size = { width: 320, height: 140 };
const frame = { left: 40, top: 28, right: 312, bottom: 116 };

/**
 * @typedef {object} Point
 * @property {number} atMs
 * @property {number} value not negative
 *
 * @typedef {object} Scale
 * @property {(atMs: number) => string} x
 * @property {(value: number) => string} y
 */

/**
 * A curve over time.
 * @param {string} title
 * @param {readonly Point[]} points
 */
export function drawCurve(title, points) {
  return draw(title, points, 1, ({ x, y }) => {
    const path = points.map(({ atMs, value }) => `${x(atMs)},${y(value)}`);
    const first = points[0];
    const last = points.at(-1);
    return first === undefined || last === undefined
      ? []
      : [
          createShape("polygon", {
            class: "area",
            points: [
              `${x(first.atMs)},${frame.bottom}`,
              ...path,
              `${x(last.atMs)},${frame.bottom}`,
            ].join(" "),
          }),
          createShape("polyline", { class: "curve", points: path.join(" ") }),
        ];
  });
}

/**
 * A bar for each point that is not zero.
 * @param {string} title
 * @param {readonly Point[]} points
 */
export function drawBars(title, points) {
  return draw(title, points, 5, ({ x, y }) =>
    points
      .filter(({ value }) => value > 0)
      .map(({ atMs, value }) =>
        createShape("path", { class: "bar", d: `M${x(atMs)},${frame.bottom}V${y(value)}` }),
      ),
  );
}

/**
 * An SVG image with its range in words.
 * @param {string} title
 * @param {readonly Point[]} points
 * @param {number} leastTop the least that the top of the scale stands for
 * @param {(scale: Scale) => SVGElement[]} shape
 * @returns {SVGElement}
 */
function draw(title, points, leastTop, shape) {
  const values = points.map(({ value }) => value);
  const most = Math.max(0, ...values);
  const top = Math.max(leastTop, most * 1.15);
  const endMs = points.at(-1)?.atMs ?? 1;
  const { left, right, bottom } = frame;
  const seconds = `${(endMs / 1000).toFixed(1)} s`;
  const range =
    points.length === 0
      ? "nothing"
      : `from ${printNumber(Math.min(...values))} to ${printNumber(most)}`;
  const image = createShape("svg", {
    viewBox: `0 0 ${size.width} ${size.height}`,
    role: "img",
    "aria-label": `${title}: ${range} in ${seconds}`,
  });
  image.append(
    createText(title, { x: 0, y: 14 }),
    createText(range, { x: right, y: 14, class: "faint end" }),
    createText(printNumber(top), { x: left - 6, y: frame.top + 8, class: "faint end" }),
    createText("0", { x: left - 6, y: bottom + 4, class: "faint end" }),
    createText("0", { x: left, y: bottom + 17, class: "faint" }),
    createText(seconds, { x: right, y: bottom + 17, class: "faint end" }),
    createShape("path", {
      class: "grid",
      d: `M${left},${frame.top}H${right}M${left},${(frame.top + bottom) / 2}H${right}`,
    }),
    ...shape({
      x: (atMs) => (left + (atMs / endMs) * (right - left)).toFixed(1),
      y: (value) => (bottom - (value / top) * (bottom - frame.top)).toFixed(1),
    }),
    createShape("path", { class: "frame", d: `M${left},${frame.top}V${bottom}H${right}` }),
  );
  return image;
}

/**
 * @param {string} name
 * @param {Readonly<Record<string, string | number>>} attributes
 */
function createShape(name, attributes) {
  const created = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) {
    created.setAttribute(key, String(value));
  }
  return created;
}

/**
 * @param {string} content
 * @param {Readonly<Record<string, string | number>>} attributes
 */
function createText(content, attributes) {
  const created = createShape("text", attributes);
  created.textContent = content;
  return created;
}
