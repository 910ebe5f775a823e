import { createSecretKey, type KeyObject } from "node:crypto";
import type { FileImage, Files } from "../files/files.js";
import { describeReadFailure } from "../files/read-failure.js";
import { findTextFlaw } from "./free-text.js";
import { decodeUtf8, EncodingError } from "./text-encoding.js";

const maxBytes = 4096;
/** What the documents show in a secret's place: everybody knows it. */
const placeholders = ["THE-SECRET", "PUT-HERE-WHAT-OPENSSL-RAND-PRINTS"];

const newSecretFix = "Make one with `ice-service secret new`";

/** Why a secret cannot be used, without the secret. */
export class SecretError extends Error {
  override readonly name = "SecretError";

  constructor(
    message: string,
    readonly fix: string,
    /** As in {@link ConfigProblem}. */
    readonly transientCode?: string | undefined,
  ) {
    super(message);
  }
}

/**
 * Reads a secret: the file's content without one final LF or CRLF, as UTF-8 bytes.
 *
 * @param warn called instead of throwing when everybody may read the file but its mode is not the
 *   operator's to choose, see {@link FileImage.isContainerSecret}, and in development
 * @param binaryFix what to do about bytes that are no text
 * @throws SecretError when it is missing, too long, readable by everybody, or holds no secret that
 *   could be meant, see {@link findTextFlaw}
 */
export function readSecretFile(
  file: string,
  files: Files,
  dev: boolean,
  warn: (text: string) => void,
  binaryFix?: string,
): KeyObject {
  let image: FileImage;
  try {
    image = files.read(file, maxBytes);
  } catch (error) {
    const { problem, fix, transientCode } = describeReadFailure(error);
    throw new SecretError(`${file} ${problem}`, fix, transientCode);
  }
  if (process.platform !== "win32" && (image.mode & 0o004) !== 0) {
    const problem = `every user of this machine can read ${file}`;
    if (!dev && !image.isContainerSecret) {
      throw new SecretError(
        problem,
        `Run: chmod o-r ${file} (in a container, mount it below /run/secrets or as a Kubernetes secret volume without subPath)`,
      );
    }
    warn(problem);
  }
  return toSecret(image.bytes, file, binaryFix);
}

/**
 * The same for the value of a variable.
 * @throws SecretError when the text is no secret that could be meant
 */
export function readSecretText(text: string): KeyObject {
  return toSecret(Buffer.from(text), "the value");
}

function toSecret(content: Uint8Array, source: string, binaryFix?: string): KeyObject {
  const secret = decodeSecret(content, source, binaryFix).replace(/\r?\n$/, "");
  if (secret === "") {
    throw new SecretError(`${source} is empty`, newSecretFix);
  }
  if (placeholders.includes(secret)) {
    throw new SecretError(
      `${source} contains the placeholder of the documentation`,
      "Make your own with `ice-service secret new`",
    );
  }
  const flaw = findTextFlaw(secret);
  if (flaw !== undefined) {
    throw new SecretError(
      `${source} ${flaw.problem}`,
      `${flaw.fix}; if the other side has the secret with it, change it there too`,
    );
  }
  return createSecretKey(secret, "utf8");
}

function decodeSecret(content: Uint8Array, source: string, binaryFix?: string): string {
  try {
    return decodeUtf8(content, { keepsByteOrderMark: true });
  } catch (error) {
    if (!(error instanceof EncodingError)) {
      throw error;
    }
    throw new SecretError(`${source} ${error.flaw.problem}`, binaryFix ?? newSecretFix);
  }
}
