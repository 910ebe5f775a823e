import type { IceRegion } from "../ice/ice-server-list.js";
import type { IceUrl } from "../ice/ice-url.js";
import { findTurnNameProblem } from "../ice/turn-name.js";
import { groupByHost, toHostKey } from "../ice/turn-server.js";
import type { RegionConfig, RegionsConfig, TurnConfig } from "./config.js";
import type { RegionFileEntry, TurnFileSection } from "./file-schema.js";
import { mostUrlsWithoutWarning, parseUrls } from "./ice-urls.js";
import type { ProblemList } from "./problem-list.js";
import {
  readSecretFiles,
  type SecretSettings,
  type TurnSecretContext,
  takeSecrets,
} from "./turn-secrets.js";

/** What the TURN servers of all regions have in common; a region may have another name. */
export type SharedTurnSettings = Omit<TurnConfig, "urls" | keyof SecretSettings>;

/** Beginning with a letter: YAML readers put keys that look like numbers before the others. */
const regionName = /^[a-z][a-z0-9-]{0,62}$/;
const path = ["ice", "turn", "regions"];

/**
 * Builds `ice.turn.regions` with `defaultRegion` and `serversPerAnswer`; what is wrong with them joins
 * the problems, and may leave nothing.
 *
 * @param stunUrls of the regions that have none of their own
 */
export function buildRegions(
  turn: TurnFileSection,
  entries: Readonly<Record<string, RegionFileEntry>>,
  stunUrls: readonly IceUrl[],
  shared: SharedTurnSettings,
  context: TurnSecretContext,
): RegionsConfig | undefined {
  const { problems, warn } = context;
  const names = Object.keys(entries);
  if (names.length === 0) {
    problems.add(path, "contains no region", "Name one, such as eu, or set ice.turn.urls instead");
  }
  if (turn.urls !== undefined) {
    problems.add(["ice", "turn", "urls"], "is set beside ice.turn.regions", "Set one of the two");
  }
  const { defaultRegion = "", serversPerAnswer = 0 } = turn;
  if (!names.includes(defaultRegion)) {
    problems.add(
      ["ice", "turn", "defaultRegion"],
      defaultRegion === ""
        ? "is missing, while regions are configured"
        : `${JSON.stringify(defaultRegion)} is not a configured region`,
      `Name one of them: ${names.join(", ")}`,
    );
  }
  const [first, ...rest] = Object.entries(entries).flatMap(([name, entry]) => {
    const region = buildRegion(name, entry, stunUrls, shared, context);
    return region === undefined ? [] : [region];
  });
  if (first === undefined) {
    return undefined;
  }
  for (const region of [first, ...rest]) {
    const count = countUrls(region, serversPerAnswer);
    if (count > mostUrlsWithoutWarning) {
      warn(
        `answers of region ${region.name} hold up to ${count} STUN and TURN URLs: browsers slow down or warn from 5; ice.turn.serversPerAnswer makes them shorter`,
      );
    }
  }
  return { list: [first, ...rest], defaultRegion, serversPerAnswer };
}

function buildRegion(
  name: string,
  entry: RegionFileEntry,
  stunUrls: readonly IceUrl[],
  shared: SharedTurnSettings,
  context: TurnSecretContext,
): RegionConfig | undefined {
  const { problems, secrets } = context;
  const regionPath = [...path, name];
  if (!regionName.test(name)) {
    const fix = "Use a to z, 0 to 9 and hyphens, a letter first, at most 63 characters";
    problems.add(regionPath, "has a name that is not allowed", fix);
  }
  const urls = parseUrls(
    entry.urls.map(({ url }) => url),
    "turn",
    [...regionPath, "urls"],
    problems,
  );
  if (entry.urls.length === 0) {
    problems.add([...regionPath, "urls"], "contains no URL", "Add one, or remove the region");
  }
  const callerName = entry.name ?? shared.name;
  const nameProblem = findTurnNameProblem(callerName);
  if (nameProblem !== undefined) {
    problems.add([...regionPath, "name"], nameProblem, "Use letters, digits and hyphens");
  }
  const secretPath = [...regionPath, "secretFiles"];
  const ownSecrets = entry.secretFiles && readSecretFiles(secretPath, entry.secretFiles, context);
  const taken = takeSecrets(ownSecrets ?? secrets, secretPath, context);
  return (
    taken && {
      name,
      stunUrls:
        entry.stunUrls === undefined
          ? stunUrls
          : parseUrls(entry.stunUrls, "stun", [...regionPath, "stunUrls"], problems),
      turn: { ...shared, ...taken, urls, name: callerName },
      weights: readWeights(entry, urls, [...regionPath, "urls"], problems),
    }
  );
}

/** By host: a server is what has the weight, whichever of its URLs says it. */
function readWeights(
  entry: RegionFileEntry,
  urls: readonly IceUrl[],
  urlsPath: readonly PropertyKey[],
  problems: ProblemList,
): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const [index, { url: text, weight }] of entry.urls.entries()) {
    const url = urls.find((parsed) => parsed.text === text);
    if (url === undefined || weight === undefined) {
      continue;
    }
    const host = toHostKey(url);
    if ((weights.get(host) ?? weight) !== weight) {
      const fix = "Write the weight of a server beside one of its URLs, or the same beside each";
      problems.add([...urlsPath, index, "weight"], `${url.host} has another weight too`, fix);
    }
    weights.set(host, weight);
  }
  return weights;
}

/** How many URLs an answer holds when it names the servers with the most of them. */
function countUrls({ stunUrls, turn, weights }: IceRegion, serversPerAnswer: number): number {
  const counts = groupByHost(turn.urls, weights).map(({ urls }) => urls.length);
  const named = counts.sort((a, b) => b - a).slice(0, serversPerAnswer || counts.length);
  return named.reduce((sum, count) => sum + count, stunUrls.length);
}
