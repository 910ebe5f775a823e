import { createPublicKey } from "node:crypto";
import type { JWK } from "jose";
import { z } from "zod";
import type { AsymmetricAlgorithm } from "./jwt-algorithms.js";
import { listFittingAlgorithms } from "./key-fit.js";

/** The largest JWKS that is read, in bytes. */
export const maxKeySetBytes = 256 * 1024;
const maxKeys = 100;

/** A JSON Web Key Set (RFC 7517 section 5), reduced to what may verify an issuer's tokens. */
export interface KeySet {
  /** The usable public keys, with their key material, `kid` and `alg` only. */
  readonly keys: readonly JWK[];
  /** How many members hold a private or a symmetric key. They are never used. */
  readonly secretCount: number;
}

/** A text is no usable JSON Web Key Set. The message names the cause and quotes nothing. */
export class KeySetError extends Error {
  override readonly name = "KeySetError";
}

const shared = {
  kid: z.string().optional(),
  alg: z.string().optional(),
  use: z.literal("sig").optional(),
  key_ops: z
    .array(z.string())
    .refine((operations) => operations.includes("verify"))
    .optional(),
};
const publicKeySchema = z.discriminatedUnion("kty", [
  z.object({ ...shared, kty: z.literal("RSA"), n: z.string(), e: z.string() }),
  z.object({ ...shared, kty: z.literal("EC"), crv: z.string(), x: z.string(), y: z.string() }),
  z.object({ ...shared, kty: z.literal("OKP"), crv: z.string(), x: z.string() }),
]);
const keySetSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });

/**
 * Reads a JWKS. Members that cannot verify any of the algorithms are left out (RFC 7517 section 5
 * wants that), so that every key in the result can be imported.
 *
 * @throws KeySetError when the text is not JSON, not a JWKS, or holds more than 100 keys
 */
export function parseKeySet(text: string, algorithms: readonly AsymmetricAlgorithm[]): KeySet {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new KeySetError("not JSON");
  }
  const { data } = keySetSchema.safeParse(json);
  if (data === undefined) {
    throw new KeySetError('not a JWKS: no "keys" with a list of objects');
  }
  if (data.keys.length > maxKeys) {
    throw new KeySetError(`more than ${maxKeys} keys`);
  }
  const published = data.keys.filter((member) => !isSecret(member));
  return {
    keys: published.flatMap((member) => readPublicKey(member, algorithms)),
    secretCount: data.keys.length - published.length,
  };
}

function isSecret(member: Readonly<Record<string, unknown>>): boolean {
  return member["kty"] === "oct" || "k" in member || "d" in member || "priv" in member;
}

function readPublicKey(member: unknown, algorithms: readonly AsymmetricAlgorithm[]): JWK[] {
  const { data } = publicKeySchema.safeParse(member);
  if (data === undefined) {
    return [];
  }
  const { kid, alg, use: _use, key_ops: _operations, ...material } = data;
  try {
    const fitting = listFittingAlgorithms(createPublicKey({ key: material, format: "jwk" }));
    const usable = fitting.filter(
      (algorithm) => algorithms.includes(algorithm) && (alg === undefined || alg === algorithm),
    );
    return usable.length === 0
      ? []
      : [{ ...material, ...(kid !== undefined && { kid }), ...(alg !== undefined && { alg }) }];
  } catch {
    return [];
  }
}
