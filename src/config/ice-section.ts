import type { AcceptedSecret } from "../ice/ice-server-list.js";
import { type IceUrl, IceUrlError, parseIceUrl } from "../ice/ice-url.js";
import { findTurnNameProblem } from "../ice/turn-name.js";
import type { IceConfig } from "./config.js";
import type { ConfigFile } from "./file-schema.js";
import type { ProblemList } from "./problem-list.js";
import type { SectionContext } from "./section-context.js";

const defaultStunUrls = ["stun:stun.l.google.com:19302"];
const devTurnUrls = ["turn:127.0.0.1:3478", "turn:127.0.0.1:3478?transport=tcp"];
const defaultTtlSeconds = 24 * 3600;
const defaultMinTtlSeconds = 60;
const longestTtlSeconds = 365 * 24 * 3600;
/** Browsers warn or slow down from the next one on. */
const mostUrlsWithoutWarning = 4;

export interface IceSectionContext extends Pick<SectionContext, "problems" | "warn" | "dev"> {
  /** Every configured secret; the first signs. */
  readonly secrets: readonly AcceptedSecret[];
  /** The files among them, absolute. */
  readonly secretFiles: readonly string[];
}

/** Builds the `ice` section; what is wrong with it joins the problems. */
export function buildIceSettings(
  ice: ConfigFile["ice"],
  { problems, warn, secrets, secretFiles, dev }: IceSectionContext,
): IceConfig {
  const turn = ice?.turn ?? {};
  const stunUrls = parseUrls(
    ice?.stunUrls ?? defaultStunUrls,
    "stun",
    ["ice", "stunUrls"],
    problems,
  );
  const configured = turn.urls ?? (dev ? devTurnUrls : []);
  const turnUrls = parseUrls(configured, "turn", ["ice", "turn", "urls"], problems);

  const count = stunUrls.length + turnUrls.length;
  if (count === 0) {
    warn("no STUN and no TURN URL is configured: every answer will be empty");
  }
  if (count > mostUrlsWithoutWarning) {
    warn(`${count} STUN and TURN URLs are configured: browsers slow down or warn from 5`);
  }

  const ttlSeconds = turn.ttl ?? defaultTtlSeconds;
  const minTtlSeconds = turn.minTtl ?? Math.min(defaultMinTtlSeconds, ttlSeconds);
  if (ttlSeconds < 1 || ttlSeconds > longestTtlSeconds) {
    problems.add(["ice", "turn", "ttl"], "is not between 1s and 365d", "Write 24h, for example");
  } else if (minTtlSeconds < 1 || minTtlSeconds > ttlSeconds) {
    problems.add(
      ["ice", "turn", "minTtl"],
      "is not between 1s and ice.turn.ttl",
      "Write 60s, for example",
    );
  }
  const name = turn.name ?? "webrtc-gateway";
  const nameProblem = findTurnNameProblem(name);
  if (nameProblem !== undefined) {
    problems.add(["ice", "turn", "name"], nameProblem, "Use letters, digits and hyphens");
  }

  const secret = secrets[0]?.key;
  if (configured.length === 0) {
    if (secret !== undefined) {
      warn("a TURN secret is configured, but no TURN URL: no TURN server is handed out");
    }
    return { stunUrls };
  }
  if (secret === undefined) {
    problems.add(
      ["ice", "turn", "secretFiles"],
      "is missing, while TURN URLs are configured",
      "Write `openssl rand -hex 32` into a file and name it here, or set ICE_TURN_SECRET; it is the static-auth-secret of the TURN server",
    );
    return { stunUrls };
  }
  if ((secret.symmetricKeySize ?? 0) < 16) {
    warn("the TURN secret is shorter than 16 bytes: it can be guessed from one credential");
  }
  return {
    stunUrls,
    turn: {
      urls: turnUrls,
      secret,
      secretFiles,
      acceptedSecrets: secrets,
      ttlSeconds,
      minTtlSeconds,
      identity: turn.identity ?? "static",
      name,
      capAtTokenExpiry: turn.capAtTokenExpiry ?? false,
    },
  };
}

function parseUrls(
  texts: readonly string[],
  kind: "stun" | "turn",
  path: readonly string[],
  problems: ProblemList,
): IceUrl[] {
  return texts.flatMap((text, index) => {
    const urlPath = [...path, index];
    try {
      const url = parseIceUrl(text);
      if (!url.scheme.startsWith(kind)) {
        const other = kind === "stun" ? "ice.turn.urls" : "ice.stunUrls";
        problems.add(
          urlPath,
          `${JSON.stringify(text)} is a ${url.scheme} URL`,
          `Move it to ${other}`,
        );
      } else if (texts.indexOf(text) !== index) {
        problems.add(urlPath, `${JSON.stringify(text)} stands there twice`, "Remove one of them");
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
