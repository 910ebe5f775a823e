import { map } from "../config/collections.js";
import { fileName } from "../config/file-kinds.js";
import { optionalKey } from "../config/key.js";
import { checked, type ValueOf } from "../config/kind.js";
import type { Place } from "../config/place.js";
import { text } from "../config/scalars.js";
import { section } from "../config/section.js";
import { printValue } from "../config/value-text.js";

/** Continents, as MaxMind's files name them. */
const continentCodes = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];
/** Those that name no country: in the map they can only mean the continent. */
const clearContinentCodes = ["AN", "EU", "OC"];

const headerName = checked(text(), (name, place) =>
  /^[\w!#$%&'*+.^`|~-]+$/.test(name)
    ? name.toLowerCase()
    : place.refuse(`${printValue(name)} is not a header name`, "Write a name such as CF-IPCountry"),
);
const code = checked(text(), (written) => written.toUpperCase());
const continentCode = checked(code, (written, place) =>
  continentCodes.includes(written)
    ? written
    : place.refuse("is not a continent code", `Use one of: ${continentCodes.join(", ")}`),
);

const written = section({
  header: optionalKey(headerName, {
    example: "CF-IPCountry",
    help: "A header that a proxy of listen.trustedProxies sets.",
  }),
  database: optionalKey(fileName, {
    example: "GeoLite2-Country.mmdb",
    help: "A file in MaxMind's format with the countries of addresses, at most 128 MiB; required if set.",
  }),
  map: optionalKey(map(code, text()), {
    example: { DE: "eu", US: "us" },
    help: "Regions by what the header says, and by country code.",
  }),
  continents: optionalKey(map(continentCode, text()), {
    example: { EU: "eu", NA: "us" },
    help: "Regions by continent, for countries that are not in map.",
  }),
});

/** How the region is found of a caller who names none. */
export const regionFromSection = checked(written, (values, place) => {
  const { header, database, map = new Map(), continents = new Map() } = values;
  if (header === undefined && database === undefined) {
    place.refuse("names no source", "Give a header, a database, or both");
  }
  if (map.size + continents.size === 0) {
    place.at("map").refuse("is empty", "Write countries with regions, such as DE: eu");
  }
  const unclear = continentCodes.filter(
    (each) => map.has(each) && !clearContinentCodes.includes(each),
  );
  if (database !== undefined && values.continents === undefined && unclear.length > 0) {
    place.warn(
      `ice.turn.regionFrom.map has ${unclear.join(", ")}, which it takes for countries; continents go under ice.turn.regionFrom.continents`,
    );
  }
  const clear = clearContinentCodes.flatMap((each) => {
    const region = map.get(each);
    return region === undefined ? [] : [[each, region] as const];
  });
  return { ...values, map, continents: new Map([...clear, ...continents]) };
});

export type RegionFromConfig = ValueOf<typeof regionFromSection>;

/** Adds regions that are not configured to the problems. */
export function checkRegionNames(
  { map, continents }: RegionFromConfig,
  regions: readonly string[],
  place: Place,
): void {
  for (const [key, codes] of Object.entries({ map, continents })) {
    for (const [each, region] of codes) {
      if (!regions.includes(region)) {
        const problem = `${JSON.stringify(region)} is not a configured region`;
        place.at(key, each).refuse(problem, `Name one of the regions: ${regions.join(", ")}`);
      }
    }
  }
}
