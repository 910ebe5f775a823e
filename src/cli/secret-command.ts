import { writeFileSync } from "node:fs";
import { usageError } from "../errors.js";
import {
  createTurnSecret,
  fingerprintSecret,
} from "../turn/providers/shared-secret/turn-secret.js";
import {
  findRotationSetting,
  type RotationCommandOptions,
  tellFailure,
} from "./rotation-setting.js";

/**
 * `secret new`: makes a TURN secret, and prints it, or writes it into a new file for its owner only.
 * @returns the exit code, 0
 * @throws ConfigError when the file already exists, or cannot be made
 */
export function newSecret({ file, json }: { file?: string; json?: boolean }): number {
  const secret = createTurnSecret();
  const fingerprint = fingerprintSecret(secret);
  if (file === undefined) {
    process.stdout.write(json ? `${JSON.stringify({ secret, fingerprint })}\n` : `${secret}\n`);
    return 0;
  }
  try {
    writeFileSync(file, `${secret}\n`, { flag: "wx", mode: 0o600, flush: true });
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) {
      throw error;
    }
    throw error.code === "EEXIST"
      ? usageError("--file", `${file} already exists`, "Use another name, or remove the file")
      : usageError(
          "--file",
          `cannot write ${file} (${error.message})`,
          "Use a name in a directory that this user can write to",
        );
  }
  process.stdout.write(
    json
      ? `${JSON.stringify({ file, fingerprint })}\n`
      : `wrote a new secret (${fingerprint}) to ${file}\n`,
  );
  return 0;
}

/**
 * `secret add`: puts the secret that signs into the TURN server's database, where it must be
 * before the first rotation.
 * @returns the exit code, 0
 * @throws ConfigError when that cannot be done
 */
export async function addSecret(options: RotationCommandOptions): Promise<number> {
  const { files, database, realm, withStore } = findRotationSetting(options);
  return tellFailure(files.secretFile, async () => {
    const secret = files.readSecret();
    await withStore((store) => store.add(secret));
    process.stdout.write(
      `${database.name}, realm ${realm}, has the secret that signs (${fingerprintSecret(secret)})\n`,
    );
    return 0;
  });
}
