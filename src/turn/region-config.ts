import { list } from "../config/collections.js";
import { optionalKey, requiredKey } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import type { Place } from "../config/place.js";
import { text, wholeNumber } from "../config/scalars.js";
import { section, sectionOrValue } from "../config/section.js";
import type { IceUrl } from "../ice/ice-url.js";
import { iceUrl, iceUrls, refuseTwice } from "../ice/ice-url-config.js";
import { findOwnStunUrls } from "./default-stun-urls.js";
import { regionSecretKeys } from "./providers/shared-secret/shared-secret-config.js";
import { toHostKey } from "./selection/turn-server.js";

/** Beginning with a letter: YAML readers put keys that look like numbers before the others. */
const namePattern = /^[a-z][a-z0-9-]{0,62}$/;

export const regionName = checked(text(), (name, place) =>
  namePattern.test(name)
    ? name
    : place.refuse(
        "has a name that is not allowed",
        "Use a to z, 0 to 9 and hyphens, a letter first, at most 63 characters",
      ),
);

const weightedUrl = sectionOrValue(
  section({
    url: requiredKey(iceUrl("turn"), {
      example: "turn:turn.example.com:3478",
      help: "The URL of a TURN server.",
    }),
    weight: optionalKey(wholeNumber(1, 1000), {
      example: 2,
      defaultText: "1",
      help: "How large a share of the callers the URL's host gets.",
    }),
  }),
  "url",
);

type WeightedUrl = ValueOf<typeof weightedUrl>;

const weightedUrls = checked(list(weightedUrl, { max: 100 }), (entries, place) => {
  if (entries.length === 0) {
    return place.refuse("contains no URL", "Add one, or remove the region");
  }
  refuseTwice(
    entries.map(({ url }) => url),
    place,
  );
  checkWeights(entries, place);
  const weights = listWeights(entries);
  return entries.map(({ url }): WeightedUrl => {
    const weight = weights.get(toHostKey(url));
    return weight === undefined ? { url } : { url, weight };
  });
});

/** TURN servers that share a secret. */
export const regionSection = section({
  urls: requiredKey(weightedUrls, {
    example: [
      { url: "turn:turn1.eu.example.com:3478", weight: 2 },
      "turn:turn2.eu.example.com:3478",
    ],
    help: "Text, or with the host's weight: 1 to 1000, default 1.",
  }),
  stunUrls: optionalKey(iceUrls("stun"), {
    example: [],
    defaultText: "ice.stunUrls, or else the region's first UDP turn: URL as a stun: URL",
    help: "The region's STUN servers.",
  }),
  ...regionSecretKeys,
});

/** By host: a server is what has the weight, whichever of its URLs says it. */
export function listWeights(entries: readonly WeightedUrl[]): ReadonlyMap<string, number> {
  return new Map(
    entries.flatMap(({ url, weight }) =>
      weight === undefined ? [] : [[toHostKey(url), weight] as const],
    ),
  );
}

function checkWeights(entries: readonly WeightedUrl[], place: Place): void {
  const weights = listWeights(entries.toReversed());
  for (const [index, { url, weight }] of entries.entries()) {
    if (weight !== undefined && weights.get(toHostKey(url)) !== weight) {
      const fix = "Write the weight of a server beside one of its URLs, or the same beside each";
      place.at(index, "weight").refuse(`${url.host} has another weight too`, fix);
    }
  }
}

type RegionValues = ValueOf<typeof regionSection>;
/** What a region can have otherwise than `ice` and `ice.turn`. */
type SharedValues = Required<Pick<RegionValues, "secretFiles" | "name">>;
export type CompleteRegion = RegionValues & SharedValues & Required<Pick<RegionValues, "stunUrls">>;

/**
 * What is in effect in each region.
 * @param stunUrls `ice.stunUrls`, where that is set
 * @param place of the regions
 */
export function completeRegions(
  regions: ReadonlyMap<string, RegionValues>,
  { secretFiles, name }: SharedValues,
  stunUrls: readonly IceUrl[] | undefined,
  place: Place,
): ReadonlyMap<string, CompleteRegion> {
  return new Map(
    [...regions].map(([each, region]) => {
      const turnUrls = region.urls.map(({ url }) => url);
      const own = region.stunUrls ?? stunUrls ?? findOwnStunUrls(turnUrls, place.at(each));
      return [each, { secretFiles, name, ...region, stunUrls: own }];
    }),
  );
}
