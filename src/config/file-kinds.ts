import { type KeyObject, X509Certificate } from "node:crypto";
import { describeReadFailure } from "../files/read-failure.js";
import { list } from "./collections.js";
import { checked, type Kind } from "./kind.js";
import type { Place } from "./place.js";
import { text } from "./scalars.js";
import { readSecretFile, readSecretText, SecretError } from "./secret-file.js";

/** The name of a file, made absolute. Whether it can be read is for its reader to find out. */
export const fileName: Kind<string, string, ""> = checked(text(), (name, place) =>
  place.resolveFile(name),
);

/** The same for a file that must be readable now. */
export function readableFile(maxBytes: number): Kind<string, string, ""> {
  return checked(fileName, (file, place) => {
    try {
      place.context.files.read(file, maxBytes);
    } catch (error) {
      const { problem, fix, transientCode } = describeReadFailure(error);
      return place.refuse(`${file} ${problem}`, fix, transientCode);
    }
    return file;
  });
}

/** The largest file of certificates of authorities, in bytes. */
export const maxAuthorityBytes = 1024 * 1024;

/** A file that Node can take for authorities: certificates in PEM. */
export const authorityFile = checked(readableFile(maxAuthorityBytes), (file, place) => {
  const { bytes } = place.context.files.read(file, maxAuthorityBytes);
  try {
    new X509Certificate(bytes);
  } catch {
    place.refuse(`${file} has no certificate`, "Give certificates of authorities in PEM");
  }
  return file;
});

/** A secret, and where it comes from. */
export interface Secret {
  /** A file as its author wrote it, or what else it comes from. */
  readonly name: string;
  readonly key: KeyObject;
  /** Absolute; absent where it does not come from a file. */
  readonly file?: string;
}

/** The text of a secret, to be sent. */
export function revealSecret({ key: secret }: Secret): string {
  return secret.export().toString("utf8");
}

/**
 * The name of a secret's file; see {@link readSecretFile}.
 * @param binaryFix what to do about one that holds bytes that are no text
 */
export function secretFileWith(binaryFix?: string): Kind<Secret, string, ""> {
  return {
    unit: "",
    read(given, place) {
      const name = text().read(given, place);
      if (name === undefined) {
        return undefined;
      }
      const file = place.resolveFile(name);
      const { files } = place.context;
      const warn = (warning: string) => place.warn(warning);
      const key = readSecret(place, () =>
        readSecretFile(file, files, place.isDev, warn, binaryFix),
      );
      return key && { file, name, key };
    },
    describe: ({ file, name }) => file ?? name,
  };
}

export const secretFile = secretFileWith();

/** Names of secrets' files. Secrets that come from elsewhere are left out of the description. */
export const secretFiles: Kind<readonly Secret[], readonly string[] | undefined, ""> = {
  ...list(secretFile),
  describe(secrets) {
    const inFiles = secrets.flatMap(({ file }) => file ?? []);
    return inFiles.length === 0 && secrets.length > 0 ? undefined : inFiles;
  },
};

/** A secret itself, in a variable. */
export const secretText: Kind<KeyObject, string, ""> = {
  unit: "",
  read: (given, place) => readSecret(place, () => readSecretText(String(given))),
  describe: () => "",
};

function readSecret(place: Place, read: () => KeyObject): KeyObject | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SecretError)) {
      throw error;
    }
    return place.refuse(error.message, error.fix, error.transientCode);
  }
}
