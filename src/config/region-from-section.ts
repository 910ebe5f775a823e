import type { RegionFromConfig } from "./config.js";
import type { TurnFileSection } from "./file-schema.js";
import type { SectionContext } from "./section-context.js";

/** Continents, as MaxMind's files name them. */
const continentCodes = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];
/** Those that name no country: in the map they can only mean the continent. */
const clearContinentCodes = ["AN", "EU", "OC"];
const path = ["ice", "turn", "regionFrom"];

/** Builds `ice.turn.regionFrom`; what is wrong with it joins the problems. */
export function buildRegionFrom(
  { regionFrom }: TurnFileSection,
  regions: readonly string[],
  { problems, warn, resolveFile }: SectionContext,
): RegionFromConfig | undefined {
  if (regionFrom === undefined) {
    return undefined;
  }
  const { header, database, map = {}, continents = {} } = regionFrom;
  if (header === undefined && database === undefined) {
    problems.add(path, "names no source", "Give a header, a database, or both");
  }
  if (Object.keys(map).length + Object.keys(continents).length === 0) {
    problems.add([...path, "map"], "is empty", "Write countries with regions, such as DE: eu");
  }
  for (const [key, codes] of Object.entries({ map, continents })) {
    for (const [code, region] of Object.entries(codes)) {
      if (!regions.includes(region)) {
        const fix = `Name one of the regions: ${regions.join(", ")}`;
        problems.add(
          [...path, key, code],
          `${JSON.stringify(region)} is not a configured region`,
          fix,
        );
      }
    }
  }
  for (const code of Object.keys(continents)) {
    if (!continentCodes.includes(code.toUpperCase())) {
      const fix = `Use one of: ${continentCodes.join(", ")}`;
      problems.add([...path, "continents", code], "is not a continent code", fix);
    }
  }
  const codes = toCapitals(map);
  const unclear = continentCodes.filter(
    (code) => codes.has(code) && !clearContinentCodes.includes(code),
  );
  if (database !== undefined && regionFrom.continents === undefined && unclear.length > 0) {
    warn(
      `ice.turn.regionFrom.map has ${unclear.join(", ")}, which it takes for countries; continents go under ice.turn.regionFrom.continents`,
    );
  }
  const clearContinents = clearContinentCodes.flatMap((code) => {
    const region = codes.get(code);
    return region === undefined ? [] : [[code, region] as const];
  });
  return {
    ...(header !== undefined && { header: header.toLowerCase() }),
    ...(database !== undefined && { database: resolveFile([...path, "database"], database) }),
    map: codes,
    continents: new Map([...clearContinents, ...toCapitals(continents)]),
  };
}

function toCapitals(regionsByCode: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(
    Object.entries(regionsByCode).map(([code, region]) => [code.toUpperCase(), region]),
  );
}
