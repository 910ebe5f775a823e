// Runs in the browser: what the client sends, without anything else of a page.
import { createIceServerSource } from "../../../clients/typescript/src/index.js";

const sources = {};

/** Gets a list that is new, over the connection of the last time if there was one. */
async function getNew(url, token) {
  sources[url] ??= createIceServerSource({ url, getToken: () => token });
  return (await sources[url].get({ maxAgeShare: 0 })).iceServers.length;
}

Object.assign(window, { getNew });
