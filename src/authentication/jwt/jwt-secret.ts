import { createSecretKey, type KeyObject } from "node:crypto";
import type { Place } from "../../config/place.js";
import {
  type HmacAlgorithm,
  hmacAlgorithms,
  isHmacAlgorithm,
  type JwtAlgorithm,
} from "./jwt-algorithms.js";

export const secretEncodings = ["utf8", "base64", "base64url", "hex"] as const;
/** How the file encodes the bytes of an HMAC key. */
export type SecretEncoding = (typeof secretEncodings)[number];

/** Shown when a file contains bytes that are not text. */
export const binarySecretFix =
  "Write random bytes as text, such as with `openssl rand -base64 32`, and set secretEncoding: base64 (or base64url, hex)";

const makeOne = "Make one with `ice-service secret new`";
const base64Form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const base64UrlForm = /^(?:[\w-]{4})*(?:[\w-]{2}(?:==)?|[\w-]{3}=?)?$/;
const hexForm = /^(?:[0-9A-Fa-f]{2})*$/;

/** An HMAC key, with the only algorithms that it may verify. */
export interface JwtSecret {
  readonly secret: KeyObject;
  readonly algorithms: readonly HmacAlgorithm[];
}

/**
 * The key in a secret's file. Padding of base64 may be absent (RFC 4648 section 3.2).
 *
 * @param written the text of the file, as UTF-8
 * @param place of the entry, for problems
 * @returns undefined when the text is not in that encoding, or the key is too short
 */
export function chooseSecret(
  written: KeyObject,
  encoding: SecretEncoding = "utf8",
  algorithms: readonly JwtAlgorithm[] = ["HS256"],
  place: Place,
): JwtSecret | undefined {
  const hmac = algorithms.filter(isHmacAlgorithm);
  if (hmac.length < algorithms.length) {
    const fix = `Use ${hmacAlgorithms.join(", ")} with secretFile`;
    place.at("algorithms").refuse("names an algorithm that needs a public key", fix);
  }
  const secret =
    encoding === "utf8" ? written : decode(written.export().toString(), encoding, place);
  return secret && checkLength(secret, encoding, hmac, place);
}

function decode(
  text: string,
  encoding: Exclude<SecretEncoding, "utf8">,
  place: Place,
): KeyObject | undefined {
  const form = { base64: base64Form, base64url: base64UrlForm, hex: hexForm }[encoding];
  if (!form.test(text)) {
    return place
      .at("secretFile")
      .refuse(
        `is not ${encoding} from beginning to end`,
        `Write the key on one line as ${encoding}, or set secretEncoding to what it is: ${secretEncodings.join(", ")}`,
      );
  }
  return createSecretKey(Buffer.from(text, encoding));
}

function checkLength(
  secret: KeyObject,
  encoding: SecretEncoding,
  algorithms: readonly HmacAlgorithm[],
  place: Place,
): JwtSecret | undefined {
  const bytes = secret.symmetricKeySize ?? 0;
  const hashBytes = Math.max(...algorithms.map((algorithm) => Number(algorithm.slice(2)) / 8));
  const size = encoding === "utf8" ? `${bytes} bytes` : `${bytes} bytes in ${encoding}`;
  if (bytes < 32) {
    return place
      .at("secretFile")
      .refuse(`has ${size}; RFC 7518 section 3.2 requires 32 or more`, makeOne);
  }
  if (bytes < hashBytes) {
    place.warn(`the JWT secret has ${size}; RFC 7518 section 3.2 requires ${hashBytes}`);
  }
  return { secret, algorithms };
}
