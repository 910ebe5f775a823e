import { printTime, systemClock } from "../clock.js";
import {
  describeRotation,
  type RotationStatus,
} from "../turn/providers/shared-secret/rotation/rotation-status.js";
import { fingerprintSecret } from "../turn/providers/shared-secret/turn-secret.js";
import {
  findRotationSetting,
  type RotationCommandOptions,
  tellFailure,
} from "./rotation-setting.js";

/**
 * `secret status`: prints where a rotation stands.
 * @returns the exit code: 0, or 1 when something is wrong
 * @throws ConfigError when that cannot be found out
 */
export async function showSecretStatus({
  json,
  ...options
}: RotationCommandOptions & { json?: boolean }): Promise<number> {
  const { files, database, realm, withStore } = findRotationSetting(options);
  return tellFailure(files.secretFile, async () => {
    const secrets = await withStore((store) => store.list());
    const status = describeRotation({
      state: files.readState(),
      database: database.name,
      realm,
      signing: fingerprintSecret(files.readSecret()),
      inDatabase: new Set(secrets.map(fingerprintSecret)),
    });
    const place = { secretFile: files.secretFile, database: database.name, realm };
    process.stdout.write(
      json
        ? `${JSON.stringify({ ...place, ...status }, undefined, 2)}\n`
        : printStatus(place, status),
    );
    for (const problem of status.problems) {
      process.stderr.write(`wrong: ${problem}\n`);
    }
    return status.problems.length === 0 ? 0 : 1;
  });
}

function printStatus(
  place: Readonly<Record<"secretFile" | "database" | "realm", string>>,
  { rotation, signing, secrets }: RotationStatus,
): string {
  const since = (seconds: number | undefined) =>
    seconds === undefined ? "" : `, since ${printTime(seconds)}`;
  const lines = [
    `secret file: ${place.secretFile}`,
    `database: ${place.database}, realm ${place.realm}`,
    `rotation: ${rotation}`,
    `signs: ${signing.fingerprint}${since(signing.sinceSeconds)}`,
    "in the database:",
    ...secrets.map(({ fingerprint, role, sinceSeconds, mayLeaveAtSeconds }) => {
      const leave = mayLeaveAtSeconds === undefined ? "" : printLeave(mayLeaveAtSeconds);
      return `  ${fingerprint} ${role}${since(sinceSeconds)}${leave}`;
    }),
  ];
  return `${lines.join("\n")}\n`;
}

function printLeave(seconds: number): string {
  return systemClock() < seconds * 1000
    ? `, can be removed at ${printTime(seconds)}`
    : ", can be removed now: run `ice-service secret rotate`";
}
