import { type IceUrl, IceUrlError, parseIceUrl } from "../ice/ice-url.js";
import type { ProblemList } from "./problem-list.js";

/** Browsers warn or slow down from the next one on. */
export const mostUrlsWithoutWarning = 4;

/** Parses a list of URLs; what is wrong with one joins the problems, and it is left out. */
export function parseUrls(
  texts: readonly string[],
  kind: "stun" | "turn",
  path: readonly PropertyKey[],
  problems: ProblemList,
): IceUrl[] {
  return texts.flatMap((text, index) => {
    const urlPath = [...path, index];
    try {
      const url = parseIceUrl(text);
      if (!url.scheme.startsWith(kind)) {
        const [stun, turn] = path.includes("regions")
          ? ["the region's stunUrls", "the region's urls"]
          : ["ice.stunUrls", "ice.turn.urls"];
        const other = kind === "stun" ? turn : stun;
        problems.add(
          urlPath,
          `${JSON.stringify(text)} is a ${url.scheme} URL`,
          `Move it to ${other}`,
        );
      } else if (texts.indexOf(text) !== index) {
        problems.add(urlPath, `${JSON.stringify(text)} is listed twice`, "Remove one of them");
      }
      return [url];
    } catch (error) {
      if (!(error instanceof IceUrlError)) {
        throw error;
      }
      problems.add(urlPath, `${JSON.stringify(error.url)} ${error.rule}`, error.fix);
      return [];
    }
  });
}
