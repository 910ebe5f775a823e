import type { KeyObject } from "node:crypto";
import { describeReadFailure } from "../files/read-failure.js";
import { checked, type Kind } from "./kind.js";
import type { Place } from "./place.js";
import { text } from "./scalars.js";
import { addSecretProblem, readSecretFile } from "./secret-file.js";

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
      place.refuse(`${file} ${problem}`, fix, transientCode);
    }
    return file;
  });
}

/** A secret in a file of its own. */
export interface SecretFile {
  /** Absolute. */
  readonly file: string;
  /** As its author wrote it. */
  readonly name: string;
  readonly key: KeyObject;
}

/** The name of a secret's file; see {@link readSecretFile}. */
export const secretFile: Kind<SecretFile, string, ""> = {
  unit: "",
  read(given, place) {
    const name = text().read(given, place);
    if (name === undefined) {
      return undefined;
    }
    const file = place.resolveFile(name);
    const key = readSecret(file, place);
    return key && { file, name, key };
  },
  describe: ({ file }) => file,
};

function readSecret(file: string, place: Place): KeyObject | undefined {
  const { files, problems } = place.context;
  try {
    return readSecretFile(file, files, place.isDev, (warning) => place.warn(warning));
  } catch (error) {
    return addSecretProblem(error, place.path, problems);
  }
}
