import type { KeyObject } from "node:crypto";
import type { Secret } from "../../config/file-kinds.js";
import type { Place } from "../../config/place.js";
import {
  type AsymmetricAlgorithm,
  asymmetricAlgorithms,
  type HmacAlgorithm,
  hmacAlgorithms,
  isAsymmetricAlgorithm,
  isHmacAlgorithm,
  type JwtAlgorithm,
} from "./jwt-algorithms.js";

/** Where an issuer's keys come from, with the only algorithms that those keys may verify. */
export type JwtKeys =
  | {
      readonly kind: "jwksUrl";
      readonly url: URL;
      readonly algorithms: readonly AsymmetricAlgorithm[];
    }
  | {
      readonly kind: "jwksFile" | "publicKeyFile";
      readonly file: string;
      readonly algorithms: readonly AsymmetricAlgorithm[];
    }
  | {
      readonly kind: "secret";
      readonly secret: KeyObject;
      readonly algorithms: readonly HmacAlgorithm[];
    };

const keySources = ["jwksUrl", "jwksFile", "publicKeyFile", "secretFile"] as const;

/** What an entry of `auth.jwt` says about its keys. */
export interface WrittenKeys {
  readonly algorithms?: readonly JwtAlgorithm[];
  readonly jwksUrl?: URL;
  readonly jwksFile?: string;
  readonly publicKeyFile?: string;
  readonly secretFile?: Secret;
}

/** @returns undefined where there is not exactly one source, which is a problem */
export function chooseKeys(entry: WrittenKeys, place: Place): JwtKeys | undefined {
  const given = keySources.filter((source) => entry[source] !== undefined);
  if (given.length > 1) {
    const fix = `Give exactly one of ${keySources.join(", ")}`;
    return place.refuse(`names keys more than once: ${given.join(", ")}`, fix);
  }
  const { algorithms, jwksUrl: url, jwksFile, publicKeyFile, secretFile } = entry;
  if (secretFile !== undefined) {
    return { kind: "secret", ...chooseSecret(secretFile.key, algorithms, place) };
  }
  const asymmetric = chooseAsymmetric(algorithms, place);
  if (url !== undefined) {
    return { kind: "jwksUrl", url, algorithms: asymmetric };
  }
  if (jwksFile !== undefined) {
    return { kind: "jwksFile", file: jwksFile, algorithms: asymmetric };
  }
  return publicKeyFile === undefined
    ? place.refuse("names no keys", `Give exactly one of ${keySources.join(", ")}`)
    : { kind: "publicKeyFile", file: publicKeyFile, algorithms: asymmetric };
}

function chooseAsymmetric(
  algorithms: readonly JwtAlgorithm[] = ["ES256"],
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

function chooseSecret(
  secret: KeyObject,
  algorithms: readonly JwtAlgorithm[] = ["HS256"],
  place: Place,
): { readonly secret: KeyObject; readonly algorithms: readonly HmacAlgorithm[] } {
  const hmac = algorithms.filter(isHmacAlgorithm);
  if (hmac.length < algorithms.length) {
    const fix = `Use ${hmacAlgorithms.join(", ")} with secretFile`;
    place.at("algorithms").refuse("names an algorithm that needs a public key", fix);
  }
  checkLength(secret.symmetricKeySize ?? 0, hmac, place);
  return { secret, algorithms: hmac };
}

function checkLength(bytes: number, algorithms: readonly HmacAlgorithm[], place: Place): void {
  const hashBytes = Math.max(...algorithms.map((algorithm) => Number(algorithm.slice(2)) / 8));
  if (bytes < 32) {
    place
      .at("secretFile")
      .refuse(
        `holds ${bytes} bytes; RFC 7518 section 3.2 asks for 32 or more`,
        "Make one with `ice-service secret new`",
      );
  } else if (bytes < hashBytes) {
    place.warn(`the JWT secret holds ${bytes} bytes; RFC 7518 section 3.2 asks for ${hashBytes}`);
  }
}
