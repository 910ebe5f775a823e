import { adviseOnBrackets, missingBrackets } from "../config/ipv6-literal.js";
import { printValue } from "../config/value-text.js";

/** Why an origin can never be allowed by what is written, and what to write instead. */
export interface OriginFlaw {
  /** Follows the name of the key. */
  readonly problem: string;
  readonly fix: string;
}

const whole = "Write the scheme, the host, and the port if any, such as https://app.example.com";

/** Of URLs that no page has as its origin: browsers send `null` for them, or nothing. */
const schemesWithoutOrigin = new Set(
  "about blob data file filesystem ftp javascript ws wss".split(" "),
);
/** Takes the place of a pattern's `*` while it is read as a URL. */
const anyLabel = "any-label";

/**
 * Finds what is wrong with an origin, or with a pattern such as `https://*.example.com`. What browsers
 * send in Origin (https://fetch.spec.whatwg.org/#origin-header) is compared as text, so that an origin
 * which is written in another way never matches.
 *
 * @param written not `*` alone
 */
export function findOriginFlaw(written: string): OriginFlaw | undefined {
  if (written === "null") {
    return {
      problem:
        '"null" is the origin of every sandboxed frame and every local file, including hostile ones',
      fix: "Serve the page from an origin of its own, and write that",
    };
  }
  if (/^[^/?#]*:\/\/[^/?#]*@/.test(written)) {
    return { problem: "has a user name or password before the host", fix: "Remove it" };
  }
  const quoted = printValue(written);
  const [, scheme = ""] = /^([a-z][a-z\d+.-]*):\/\//i.exec(written.trim()) ?? [];
  if (scheme === "") {
    return { problem: `${quoted} is not an origin: it has no scheme`, fix: whole };
  }
  if (schemesWithoutOrigin.has(scheme.toLowerCase())) {
    return { problem: `${quoted} can never match: no page has such an origin`, fix: whole };
  }
  if (!written.includes("*")) {
    return compareSpelling(quoted, written, spellOrigin(written));
  }
  if (!/^https?:\/\/\*\.[^*]+$/i.test(written)) {
    return {
      problem: `${quoted} has a * that does not stand for the first label of an http or https host`,
      fix: "Write https://*.example.com for hosts with one more label, or * alone for every origin",
    };
  }
  const spelled = spellOrigin(written.replace("*", anyLabel))?.replace(anyLabel, "*");
  return compareSpelling(quoted, written, spelled);
}

function compareSpelling(
  quoted: string,
  written: string,
  spelled: string | undefined,
): OriginFlaw | undefined {
  if (spelled === undefined) {
    const advice = adviseOnBrackets(written);
    return advice === undefined
      ? { problem: `${quoted} is not an origin`, fix: whole }
      : { problem: `${quoted} ${missingBrackets}`, fix: advice };
  }
  return spelled === written
    ? undefined
    : { problem: `${quoted} can never match: browsers send ${spelled}`, fix: `Write ${spelled}` };
}

/**
 * A URL's origin as browsers send it: in lower case, without path and default port. The host of an app's
 * own scheme may be anything, such as that of Electron's `app://.`.
 */
function spellOrigin(url: string): string | undefined {
  if (!URL.canParse(url)) {
    return undefined;
  }
  const { protocol, host, hostname } = new URL(url);
  const hasEmptyLabel = /^https?:/.test(protocol) && /^\.|\.\./.test(hostname);
  return hostname === "" || hasEmptyLabel ? undefined : `${protocol}//${host.toLowerCase()}`;
}
