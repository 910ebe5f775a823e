/**
 * @typedef {object} IceServerList
 * @property {RTCIceServer[]} iceServers
 * @property {number} [ttlSeconds]
 * @property {string} [region]
 */

/**
 * Asks the service that this page is from.
 * @param {string} token
 * @param {string} region empty for the default
 * @returns {Promise<IceServerList>}
 * @throws {Error} with text for the person at the page
 */
export async function fetchIceServers(token, region) {
  // The browser's own words for this name a header and a code point.
  if (/[^\x20-\x7e]/.test(token)) {
    throw new Error("the token contains an invalid character; copy it again");
  }
  const query = region === "" ? "" : `?${new URLSearchParams({ region })}`;
  const response = await fetch(`api/v1/ice-servers${query}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  // A proxy before the service answers in other formats.
  const body = await response.json().catch(() => ({}));
  if (!response.ok || !Array.isArray(body.iceServers)) {
    throw new Error(`${body.error ?? "no list came back"} (HTTP status ${response.status})`);
  }
  return body;
}
