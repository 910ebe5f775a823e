import type { Secret } from "../../config/file-kinds.js";
import type { Place } from "../../config/place.js";
import type { KeySetLocation } from "./jwks-fetch.js";
import {
  type AsymmetricAlgorithm,
  asymmetricAlgorithms,
  isAsymmetricAlgorithm,
  type JwtAlgorithm,
} from "./jwt-algorithms.js";
import { chooseSecret, type JwtSecret, type SecretEncoding } from "./jwt-secret.js";
import { chooseLocation, type WrittenLocation } from "./key-set-location.js";

/** The source of an issuer's keys, and the only algorithms that those keys may verify. */
export type JwtKeys =
  | {
      readonly kind: "fetched";
      readonly location: KeySetLocation;
      readonly algorithms: readonly AsymmetricAlgorithm[];
    }
  | {
      readonly kind: "jwksFile" | "publicKeyFile";
      readonly file: string;
      readonly algorithms: readonly AsymmetricAlgorithm[];
    }
  | ({ readonly kind: "secret" } & JwtSecret);

const keySources = ["jwksUrl", "discovery", "jwksFile", "publicKeyFile", "secretFile"] as const;

const usual = ["ES256"] as const;
/** Most providers sign with the first, even if they support others. */
const discoveryDefault = ["RS256", "ES256"] as const;

/** What an entry of `auth.jwt` says about its verification keys. */
export interface WrittenKeys extends WrittenLocation {
  readonly algorithms?: readonly JwtAlgorithm[];
  readonly jwksFile?: string;
  readonly publicKeyFile?: string;
  readonly secretFile?: Secret;
  readonly secretEncoding?: SecretEncoding;
}

/** @returns undefined unless there is exactly one usable source, with the problem reported */
export function chooseKeys(entry: WrittenKeys, place: Place): JwtKeys | undefined {
  const given = keySources.filter((source) => (entry[source] ?? false) !== false);
  if (given.length > 1) {
    const fix = `Give exactly one of ${keySources.join(", ")}`;
    return place.refuse(`names keys more than once: ${given.join(", ")}`, fix);
  }
  const { algorithms, discovery, jwksFile, publicKeyFile, secretFile, secretEncoding } = entry;
  const location = chooseLocation(entry, place);
  if (secretFile !== undefined) {
    const secret = chooseSecret(secretFile.key, secretEncoding, algorithms, place);
    return secret && { kind: "secret", ...secret };
  }
  if (secretEncoding !== undefined) {
    place.at("secretEncoding").refuse("has no effect without secretFile", "Remove it");
  }
  const asymmetric = chooseAsymmetric(algorithms ?? (discovery ? discoveryDefault : usual), place);
  if (location !== undefined || discovery) {
    return location && { kind: "fetched", location, algorithms: asymmetric };
  }
  if (jwksFile !== undefined) {
    return { kind: "jwksFile", file: jwksFile, algorithms: asymmetric };
  }
  return publicKeyFile === undefined
    ? place.refuse("names no keys", `Give exactly one of ${keySources.join(", ")}`)
    : { kind: "publicKeyFile", file: publicKeyFile, algorithms: asymmetric };
}

function chooseAsymmetric(
  algorithms: readonly JwtAlgorithm[],
  place: Place,
): readonly AsymmetricAlgorithm[] {
  const asymmetric = algorithms.filter(isAsymmetricAlgorithm);
  if (asymmetric.length < algorithms.length) {
    const fix = `Use ${asymmetricAlgorithms.join(", ")}, or secretFile`;
    const problem = "names an HMAC algorithm, which would make the public key a secret";
    place.at("algorithms").refuse(problem, fix);
  }
  return asymmetric;
}
