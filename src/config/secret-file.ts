import { createSecretKey, type KeyObject } from "node:crypto";
import type { FileImage, Files } from "../files/files.js";
import { describeReadFailure } from "../files/read-failure.js";

const maxBytes = 4096;
/** What stands in the documents in a secret's place: everybody knows it. */
const placeholders = ["THE-SECRET", "PUT-HERE-WHAT-OPENSSL-RAND-PRINTS"];

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
 * Reads a secret: the file's content without one trailing newline, as UTF-8 bytes.
 *
 * @param warn called instead of throwing when everybody may read the file but that has to be borne:
 *   in development, and behind a symbolic link, which is how Kubernetes mounts secrets
 * @throws SecretError when it is missing, empty, too long, no UTF-8, or readable by everybody
 */
export function readSecretFile(
  file: string,
  files: Files,
  dev: boolean,
  warn: (text: string) => void,
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
    if (!dev && !image.isLink) {
      throw new SecretError(problem, `Run: chmod o-r ${file}`);
    }
    warn(problem);
  }
  return toSecret(image.bytes, file);
}

/** @throws SecretError when the text is empty */
export function readSecretText(text: string): KeyObject {
  return toSecret(Buffer.from(text), "the value");
}

function toSecret(content: Uint8Array, source: string): KeyObject {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new SecretError(`${source} is not UTF-8 text`, "Make one with `ice-service secret new`");
  }
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") {
    throw new SecretError(`${source} is empty`, "Make one with `ice-service secret new`");
  }
  if (placeholders.includes(secret)) {
    throw new SecretError(
      `${source} holds the placeholder of the documentation`,
      "Make your own with `ice-service secret new`",
    );
  }
  return createSecretKey(secret, "utf8");
}
