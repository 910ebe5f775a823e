import { createPublicKey, type JsonWebKey } from "node:crypto";
import type { JWK } from "jose";
import { isRecord } from "../../config/value-text.js";
import { type AsymmetricAlgorithm, nameAlgorithm } from "./jwt-algorithms.js";
import { listFittingAlgorithms } from "./key-fit.js";

/** The largest JWKS that is read, in bytes. */
export const maxKeySetBytes = 256 * 1024;
const maxKeys = 100;

/** A member of a published JSON Web Key Set. It can contain anything. */
export type PublishedKey = Readonly<Record<string, unknown>>;

/** A text is not a usable JSON Web Key Set. The message names the cause and quotes nothing. */
export class KeySetError extends Error {
  override readonly name = "KeySetError";
}

/**
 * Reads a JSON Web Key Set (RFC 7517 section 5). Members that are not objects are left out.
 *
 * @throws KeySetError when the text is not JSON, not a JWKS, or has more than 100 keys
 */
export function parseKeySet(text: string): readonly PublishedKey[] {
  let json: unknown;
  try {
    json = JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
  } catch {
    throw new KeySetError("not JSON");
  }
  const keys = isRecord(json) ? json["keys"] : undefined;
  if (!Array.isArray(keys)) {
    throw new KeySetError('not a JWKS: no "keys" with a list');
  }
  if (keys.length > maxKeys) {
    throw new KeySetError(`more than ${maxKeys} keys`);
  }
  return keys.filter(isRecord);
}

/** The part of a key set that may verify an issuer's tokens. */
export interface UsableKeys {
  /** The public keys, with their key material, `kid` and `alg` only. */
  readonly keys: readonly JWK[];
  /** The number of members with a private or symmetric key. They are never used. */
  readonly secretCount: number;
}

/**
 * Finds the keys that can verify one of the algorithms. Others are left out, as RFC 7517 section 5
 * requires, so that every key in the result can be imported. A parameter that is null, or not of the
 * type in RFC 7517, counts as absent.
 */
export function selectKeys(
  published: readonly PublishedKey[],
  algorithms: readonly AsymmetricAlgorithm[],
): UsableKeys {
  const open = published.filter((key) => !isSecret(key));
  return {
    keys: open.flatMap((key) => readPublicKey(key, algorithms) ?? []),
    secretCount: published.length - open.length,
  };
}

function isSecret(key: PublishedKey): boolean {
  return key["kty"] === "oct" || ["k", "d", "priv"].some((name) => (key[name] ?? null) !== null);
}

function readPublicKey(
  published: PublishedKey,
  algorithms: readonly AsymmetricAlgorithm[],
): JWK | undefined {
  const [kid, alg] = [readText(published["kid"]), readText(published["alg"])];
  if (!isForVerifying(published)) {
    return undefined;
  }
  try {
    const publicKey = createPublicKey({ key: readMaterial(published), format: "jwk" });
    const usable = listFittingAlgorithms(publicKey).filter(
      (algorithm) => algorithms.includes(algorithm) && (!alg || nameAlgorithm(alg) === algorithm),
    );
    if (usable.length === 0) {
      return undefined;
    }
    // As Node writes it, because some publishers pad or truncate the numbers of their keys.
    const { kty = "", ...material } = publicKey.export({ format: "jwk" });
    return {
      kty,
      ...pickTexts(material),
      ...(kid !== undefined && { kid }),
      // An Ed25519 key supports one algorithm only, but a token can use another name for it.
      ...(alg && kty !== "OKP" && { alg }),
    };
  } catch {
    return undefined;
  }
}

/** `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3). */
function isForVerifying({ use, key_ops: operations }: PublishedKey): boolean {
  const isOtherUse = typeof use === "string" && use !== "" && use !== "sig";
  const isOtherOperation = Array.isArray(operations) && !operations.includes("verify");
  return !isOtherUse && !isOtherOperation;
}

function readMaterial({ kty, crv, n, e, x, y }: PublishedKey): JsonWebKey {
  return pickTexts({ kty, crv, n, e, x, y });
}

function pickTexts(members: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members).filter(
      (member): member is [string, string] => typeof member[1] === "string",
    ),
  );
}

function readText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
