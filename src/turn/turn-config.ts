import { map } from "../config/collections.js";
import { duration } from "../config/duration.js";
import type { Secret } from "../config/file-kinds.js";
import { key, optionalKey } from "../config/key.js";
import type { SectionValue } from "../config/kind.js";
import type { Place } from "../config/place.js";
import { text, trueOrFalse, wholeNumber } from "../config/scalars.js";
import { iceUrls } from "../ice/ice-url-config.js";
import { managedTurnKeys } from "./providers/managed-config.js";
import {
  checkPseudonymKey,
  sharedSecretKeys,
} from "./providers/shared-secret/shared-secret-config.js";
import { regionName, regionSection } from "./region-config.js";

const defaultMinTtlSeconds = 60;

/** The keys of `ice.turn`, except those of other features. */
export const turnKeys = {
  urls: optionalKey(iceUrls("turn"), {
    example: [
      "turn:turn.example.com:3478",
      "turn:turn.example.com:3478?transport=tcp",
      "turns:turn.example.com:443?transport=tcp",
    ],
    defaultText: "no TURN servers; with --dev, turn:127.0.0.1:3478 over UDP and TCP",
    variable: "ICE_TURN_URLS",
    emptyVariable: "is a value",
    help: "The TURN servers, which share their secrets.",
  }),
  regions: optionalKey(map(regionName, regionSection, "eu"), {
    isAlternative: true,
    help: "Instead of urls: servers in several places, see docs/regions.md. In the order of failover; names of a-z, 0-9, -.",
  }),
  defaultRegion: optionalKey(text(), {
    example: "eu",
    isAlternative: true,
    defaultText: "none; required with regions",
    help: "The region of callers without any other.",
  }),
  serversPerAnswer: optionalKey(wholeNumber(1, 1000), {
    example: 1,
    isAlternative: true,
    defaultText: "all of the region",
    help: "How many hosts a response names.",
  }),
  ...sharedSecretKeys,
  ...managedTurnKeys,
  ttl: key(duration({ min: "1s", max: "365d", fix: "Write 24h, for example" }), {
    default: "24h",
    variable: "ICE_TURN_TTL",
    help: "The lifetime of a credential, unless a caller asks for a shorter one.",
  }),
  minTtl: optionalKey(duration(), {
    example: "60s",
    defaultText: "60s, or ttl if that is less",
    help: "The shortest lifetime that a caller can ask for.",
  }),
  capAtTokenExpiry: key(trueOrFalse, {
    default: false,
    help: "Whether a credential expires no later than the caller's token. If true, auth.jwt.clockTolerance does not apply to exp: a token is rejected from its exp on, and its watches end.",
  }),
};

export type TurnValues = SectionValue<typeof turnKeys>;

/** The effective values, including the secret of a variable or of development. */
export type CompleteTurn<Values extends TurnValues = TurnValues> = Values & {
  readonly minTtlSeconds: number;
  readonly secretFiles: readonly Secret[];
};

/** Completes `ice.turn`, and reports what is wrong with it. */
export function completeTurn<Values extends TurnValues>(
  values: Values,
  place: Place,
): CompleteTurn<Values> {
  const { ttlSeconds, minTtlSeconds = Math.min(defaultMinTtlSeconds, ttlSeconds) } = values;
  if (minTtlSeconds < 1 || minTtlSeconds > ttlSeconds) {
    place.at("minTtl").refuse("is not between 1s and ice.turn.ttl", "Write 60s, for example");
  }
  if (values.regions === undefined) {
    refuseWithoutRegions(values, ["defaultRegion", "serversPerAnswer"], place);
  } else {
    checkRegions(values, [...values.regions.keys()], place);
  }
  const secretFiles = findSecrets(values, place);
  // TURN URLs without a secret are another problem.
  const hasUrls = values.regions !== undefined || (values.urls ?? []).length > 0;
  checkPseudonymKey(values, hasUrls || secretFiles.length > 0, place);
  return { ...values, minTtlSeconds, secretFiles };
}

/** @param names of keys that require regions */
export function refuseWithoutRegions<Name extends string>(
  values: Readonly<Partial<Record<Name, unknown>>>,
  names: readonly Name[],
  place: Place,
): void {
  for (const name of names) {
    if (values[name] !== undefined) {
      place.at(name).refuse("is set, but no regions are", "Set ice.turn.regions");
    }
  }
}

function checkRegions(
  { urls, defaultRegion }: TurnValues,
  names: readonly string[],
  place: Place,
): void {
  if (names.length === 0) {
    const fix = "Name one, such as eu, or set ice.turn.urls instead";
    place.at("regions").refuse("contains no region", fix);
  }
  if (urls !== undefined) {
    place.at("urls").refuse("is set beside ice.turn.regions", "Set one of the two");
  }
  if (defaultRegion === undefined || !names.includes(defaultRegion)) {
    const problem =
      defaultRegion === undefined
        ? "is missing, while regions are configured"
        : `${JSON.stringify(defaultRegion)} is not a configured region`;
    place.at("defaultRegion").refuse(problem, `Name one of them: ${names.join(", ")}`);
  }
}

function findSecrets({ secret, secretFiles = [] }: TurnValues, place: Place): readonly Secret[] {
  if (secret !== undefined) {
    return [{ name: "ICE_TURN_SECRET", key: secret }];
  }
  const { dev } = place.context;
  return secretFiles.length === 0 && dev ? [{ name: "--dev", key: dev.secret }] : secretFiles;
}
