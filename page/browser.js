/**
 * @typedef {object} BrowserDescription
 * @property {string} name such as `Firefox`
 * @property {string} version such as `153.0`
 * @property {string} userAgent
 */

/**
 * In this order, since most claim to be others too.
 * @type {readonly (readonly [name: string, version: RegExp])[]}
 */
const names = [
  ["Firefox", /Firefox\/([\d.]+)/],
  ["Edge", /Edg\w*\/([\d.]+)/],
  ["Opera", /OPR\/([\d.]+)/],
  ["Chrome", /Chrom\w+\/([\d.]+)/],
  ["Safari", /Version\/([\d.]+).*Safari/],
];

/**
 * @param {string} userAgent
 * @returns {BrowserDescription}
 */
export function readUserAgent(userAgent) {
  for (const [name, pattern] of names) {
    const version = userAgent.match(pattern)?.[1];
    if (version !== undefined) {
      return { name, version, userAgent };
    }
  }
  return { name: "Unknown browser", version: "", userAgent };
}

/** With the whole version in Chromium, whose user agent has only its beginning. */
export async function describeBrowser() {
  const description = readUserAgent(navigator.userAgent);
  const { userAgentData } = /** @type {Navigator & { userAgentData?: UserAgentData }} */ (
    navigator
  );
  const { fullVersionList = [] } =
    (await userAgentData?.getHighEntropyValues(["fullVersionList"])) ?? {};
  const whole = fullVersionList.find(({ version }) =>
    version.startsWith(`${Number.parseInt(description.version, 10)}.`),
  );
  return { ...description, version: whole?.version ?? description.version };
}

/**
 * https://wicg.github.io/ua-client-hints
 * @typedef {object} UserAgentData
 * @property {(hints: string[]) => Promise<{ fullVersionList?: { brand: string, version: string }[] }>} getHighEntropyValues
 */

export function isFirefox() {
  return readUserAgent(navigator.userAgent).name === "Firefox";
}
