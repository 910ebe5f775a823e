import { list } from "../config/collections.js";
import { checked, type Kind } from "../config/kind.js";
import type { Place } from "../config/place.js";
import { text } from "../config/scalars.js";
import { type IceUrl, IceUrlError, parseIceUrl } from "./ice-url.js";

/** Browsers warn or slow down from the next one on. */
export const mostUrlsWithoutWarning = 4;

/** A URL of a STUN server, or of a TURN server. */
export function iceUrl(server: "stun" | "turn"): Kind<IceUrl, string, ""> {
  return {
    unit: "",
    read(given, place) {
      const written = text().read(given, place);
      const url = written === undefined ? undefined : parseUrl(written, place);
      if (url !== undefined && !url.scheme.startsWith(server)) {
        const other = nameOtherKey(server, place);
        return place.refuse(
          `${JSON.stringify(url.text)} is a ${url.scheme} URL`,
          `Move it to ${other}`,
        );
      }
      return url;
    },
    describe: (url) => url.text,
  };
}

/** A list of them, each once. */
export function iceUrls(server: "stun" | "turn"): Kind<readonly IceUrl[], readonly string[], ""> {
  return checked(list(iceUrl(server)), (urls, place) => {
    refuseTwice(urls, place);
    return urls;
  });
}

/** Adds URLs that are listed twice to the problems. */
export function refuseTwice(urls: readonly IceUrl[], place: Place): void {
  const texts = urls.map((url) => url.text);
  for (const [index, written] of texts.entries()) {
    if (texts.indexOf(written) !== index) {
      const problem = `${JSON.stringify(written)} is listed twice`;
      place.at(index).refuse(problem, "Remove one of them");
    }
  }
}

function parseUrl(written: string, place: Place): IceUrl | undefined {
  try {
    return parseIceUrl(written);
  } catch (error) {
    if (!(error instanceof IceUrlError)) {
      throw error;
    }
    return place.refuse(`${JSON.stringify(error.url)} ${error.rule}`, error.fix);
  }
}

function nameOtherKey(server: "stun" | "turn", { path }: Place): string {
  const [stun, turn] = path.includes("regions")
    ? ["the region's stunUrls", "the region's urls"]
    : ["ice.stunUrls", "ice.turn.urls"];
  return server === "stun" ? turn : stun;
}
