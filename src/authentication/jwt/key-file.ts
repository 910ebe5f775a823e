import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { JWK } from "jose";
import { readBoundedText } from "../../config/bounded-file.js";
import { ConfigError } from "../../errors.js";
import type { Files } from "../../files/files.js";
import type { AsymmetricAlgorithm } from "./jwt-algorithms.js";
import { describeKey, listFittingAlgorithms } from "./key-fit.js";
import {
  KeySetError,
  maxKeySetBytes,
  parseKeySet,
  selectKeys,
  type UsableKeys,
} from "./key-set.js";

/** The content of a PEM file: a public key, or its certificate. */
export interface PublicKeyFile {
  readonly publicKey: KeyObject;
  readonly certificate?: X509Certificate;
}

/**
 * Reads the one public key of a PEM file (`PUBLIC KEY` or `CERTIFICATE` of RFC 7468 sections 13 and 5,
 * or `RSA PUBLIC KEY`). Only the key of a certificate counts. It is trusted because it is in the file,
 * with any signer and any expiry.
 *
 * @param entryKey the issuer's place in the configuration, such as `auth.jwt[0]`
 * @throws ConfigError when the file contains anything else, or a key that one of the algorithms cannot
 *   use
 */
export function readPublicKeyFile(
  file: string,
  files: Files,
  algorithms: readonly AsymmetricAlgorithm[],
  entryKey: string,
): PublicKeyFile {
  const fileKey = `${entryKey}.publicKeyFile`;
  const pem = readBoundedText(file, files, maxKeySetBytes, fileKey);
  const parsed = parsePublicKey(pem, file, fileKey);
  const { publicKey } = parsed;
  const fitting = listFittingAlgorithms(publicKey);
  if (fitting.length === 0) {
    throwProblem(
      fileKey,
      `${file} contains ${describeKey(publicKey)}, which no algorithm here can use`,
      "Use an RSA key of at least 2048 bits, an EC key on P-256, P-384 or P-521, or an Ed25519 key",
    );
  }
  const unfit = algorithms.filter((algorithm) => !fitting.includes(algorithm));
  if (unfit.length > 0) {
    throwProblem(
      `${entryKey}.algorithms`,
      `${unfit.join(", ")} cannot be verified with ${describeKey(publicKey)}, which ${file} contains`,
      `Use ${fitting.length === 1 ? "" : "one or more of "}${fitting.join(", ")}, or another key file`,
    );
  }
  return parsed;
}

/**
 * Describes when a certificate is not valid, as a phrase that follows its file's name.
 *
 * @returns undefined while it is valid
 */
export function describeCertificateLife(
  { validFrom, validTo }: X509Certificate,
  nowMs: number,
): string | undefined {
  if (Date.parse(validTo) <= nowMs) {
    return `expired on ${validTo}`;
  }
  return Date.parse(validFrom) > nowMs ? `is not valid before ${validFrom}` : undefined;
}

/**
 * Reads a JWKS file.
 *
 * @param entryKey the issuer's place in the configuration, such as `auth.jwt[0]`
 * @throws ConfigError when the file is no JWKS, holds a private or symmetric key, or has no key for
 *   one of the algorithms
 */
export function readKeySetFile(
  file: string,
  files: Files,
  algorithms: readonly AsymmetricAlgorithm[],
  entryKey: string,
): readonly JWK[] {
  const fileKey = `${entryKey}.jwksFile`;
  const { keys, secretCount } = parseKeySetFile(file, files, algorithms, fileKey);
  if (secretCount > 0) {
    throwProblem(
      fileKey,
      `${file} contains a private or symmetric key`,
      "Leave only public keys in it: the service verifies and never signs",
    );
  }
  if (keys.length === 0) {
    throwProblem(
      fileKey,
      `${file} contains no public signing key that can verify ${algorithms.join(" or ")}`,
      `Add such a key, or change ${entryKey}.algorithms`,
    );
  }
  return keys;
}

function parseKeySetFile(
  file: string,
  files: Files,
  algorithms: readonly AsymmetricAlgorithm[],
  fileKey: string,
): UsableKeys {
  const text = readBoundedText(file, files, maxKeySetBytes, fileKey);
  try {
    return selectKeys(parseKeySet(text), algorithms);
  } catch (error) {
    if (!(error instanceof KeySetError)) {
      throw error;
    }
    return throwProblem(
      fileKey,
      `${file} cannot be used: ${error.message}`,
      'Give it the form {"keys": [ … ]} with 1 to 100 public keys (RFC 7517)',
    );
  }
}

/** `createPublicKey` alone would also accept a private key, and the first of several blocks. */
function parsePublicKey(pem: string, file: string, fileKey: string): PublicKeyFile {
  const labels = [...pem.matchAll(/-----BEGIN ([^-]*)-----/g)].map(([, label = ""]) => label);
  if (labels.some((label) => label.includes("PRIVATE"))) {
    throwProblem(
      fileKey,
      `${file} contains a private key`,
      "Keep that with the issuer; `openssl pkey -pubout` makes the public key of it",
    );
  }
  const [label = "", ...others] = labels;
  if (others.length > 0) {
    throwProblem(
      fileKey,
      `${file} contains ${labels.length} PEM blocks`,
      "Leave the one of the key that signs the tokens, without the certificates above it; use jwksFile for several keys",
    );
  }
  try {
    if (label === "CERTIFICATE") {
      const certificate = new X509Certificate(pem);
      return { publicKey: certificate.publicKey, certificate };
    }
    if (/^(RSA )?PUBLIC KEY$/.test(label)) {
      return { publicKey: createPublicKey(pem) };
    }
  } catch {
    // Reported below, like all other content that is not a key.
  }
  return throwProblem(
    fileKey,
    `${file} is not a public key or certificate in PEM`,
    "Name a file with one `-----BEGIN PUBLIC KEY-----` or `-----BEGIN CERTIFICATE-----` block",
  );
}

function throwProblem(key: string, problem: string, fix: string): never {
  throw new ConfigError([{ key, problem, fix }]);
}
