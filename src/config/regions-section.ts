import type { IceUrl } from "../ice/ice-url.js";
import { groupByHost, toHostKey } from "../turn/selection/turn-server.js";
import type { RegionConfig } from "./config.js";
import type { RegionFileEntry, TurnFileSection } from "./file-schema.js";
import { mostUrlsWithoutWarning, parseUrls } from "./ice-urls.js";
import type { ProblemList } from "./problem-list.js";
import { buildTurnProvider } from "./turn-provider-section.js";
import type { TurnSecretContext } from "./turn-secrets.js";

/** Beginning with a letter: YAML readers put keys that look like numbers before the others. */
const regionName = /^[a-z][a-z0-9-]{0,62}$/;
const path = ["ice", "turn", "regions"];

/**
 * Builds `ice.turn.regions`, and checks `defaultRegion`; what is wrong with them joins the problems, and
 * may leave nothing.
 *
 * @param stunUrls of the regions that have none of their own
 */
export function buildRegions(
  turn: TurnFileSection,
  entries: Readonly<Record<string, RegionFileEntry>>,
  stunUrls: readonly IceUrl[],
  context: TurnSecretContext,
): readonly [RegionConfig, ...RegionConfig[]] | undefined {
  const { problems, warn } = context;
  const names = Object.keys(entries);
  if (names.length === 0) {
    problems.add(path, "contains no region", "Name one, such as eu, or set ice.turn.urls instead");
  }
  if (turn.urls !== undefined) {
    problems.add(["ice", "turn", "urls"], "is set beside ice.turn.regions", "Set one of the two");
  }
  const { defaultRegion = "" } = turn;
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
    const region = buildRegion(turn, name, entry, stunUrls, context);
    return region === undefined ? [] : [region];
  });
  if (first === undefined) {
    return undefined;
  }
  for (const region of [first, ...rest]) {
    const count = countUrls(region);
    if (count > mostUrlsWithoutWarning) {
      warn(
        `answers of region ${region.name} hold up to ${count} STUN and TURN URLs: browsers slow down or warn from 5; ice.turn.serversPerAnswer makes them shorter`,
      );
    }
  }
  return [first, ...rest];
}

function buildRegion(
  turn: TurnFileSection,
  name: string,
  entry: RegionFileEntry,
  stunUrls: readonly IceUrl[],
  context: TurnSecretContext,
): RegionConfig | undefined {
  const { problems } = context;
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
  const provider = buildTurnProvider(turn, { ...entry, path: regionPath, urls }, context);
  const weights = readWeights(entry, urls, [...regionPath, "urls"], problems);
  return (
    provider && {
      name,
      stunUrls:
        entry.stunUrls === undefined
          ? stunUrls
          : parseUrls(entry.stunUrls, "stun", [...regionPath, "stunUrls"], problems),
      ...provider,
      spread: { weights, serversPerAnswer: turn.serversPerAnswer ?? 0 },
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
function countUrls({ stunUrls, turn, spread }: RegionConfig): number {
  const counts = groupByHost(turn?.urls ?? [], spread?.weights ?? new Map()).map(
    ({ urls }) => urls.length,
  );
  const named = counts.sort((a, b) => b - a).slice(0, spread?.serversPerAnswer || counts.length);
  return named.reduce((sum, count) => sum + count, stunUrls.length);
}
