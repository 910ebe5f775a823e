import { realpathSync } from "node:fs";
import { refuseFlaw } from "../config/free-text.js";
import { readSecretFile, SecretError } from "../config/secret-file.js";
import { usageError } from "../errors.js";
import { DiskFiles } from "../files/disk-files.js";
import { FlockError } from "../files/file-lock.js";
import { FileReadError } from "../files/files.js";
import type { Config } from "../service-config.js";
import { loadConfig } from "../service-config.js";
import {
  type DatabaseLocation,
  holdsPassword,
  parseDatabaseLocation,
} from "../turn/providers/shared-secret/database/database-location.js";
import { openTurnSecretStore } from "../turn/providers/shared-secret/database/open-store.js";
import {
  TurnDatabaseError,
  type TurnSecretStore,
} from "../turn/providers/shared-secret/database/turn-secret-store.js";
import { RotationFiles } from "../turn/providers/shared-secret/rotation/rotation-files.js";
import { RotationError } from "../turn/providers/shared-secret/rotation/rotation-state.js";
import type { SharedSecretConfig } from "../turn/providers/shared-secret/shared-secret-config.js";

/** What every command that deals with the TURN server's database is told. */
export interface RotationCommandOptions {
  readonly config?: string;
  readonly turnDb?: string;
  readonly turnDbFile?: string;
  readonly realm: string;
  /** Whose secret it is, where regions are configured. */
  readonly region?: string;
}

/** What such a command works on. */
export interface RotationSetting {
  readonly files: RotationFiles;
  readonly database: DatabaseLocation;
  readonly realm: string;
  readonly ttlSeconds: number;
  /** The names of other regions that sign with the same file. */
  readonly otherRegions: readonly string[];
  /** Opens the database, and closes it after the work, however that ends. */
  withStore<T>(work: (store: TurnSecretStore) => Promise<T>): Promise<T>;
}

/**
 * Finds the secret file and the database.
 * @throws ConfigError when the command line or the configuration cannot be used
 */
export function findRotationSetting(options: RotationCommandOptions): RotationSetting {
  refuseFlaw("--realm", options.realm);
  const database = findDatabase(options);
  const { config } = loadConfig({
    env: process.env,
    file: options.config,
    files: new DiskFiles(),
    needsCallers: false,
  });
  const { secretFile, ttlSeconds, otherRegions } = findSigningFile(config, options.region);
  return {
    otherRegions,
    files: new RotationFiles(secretFile),
    database,
    realm: options.realm,
    ttlSeconds,
    async withStore(work) {
      const store = await openTurnSecretStore(database, options.realm, process.env);
      try {
        return await work(store);
      } finally {
        await store.close();
      }
    },
  };
}

/**
 * Warns before a rotation that changes the secret of other regions as well: their TURN servers may use
 * other databases.
 */
export function warnOfOtherRegions(
  { files, otherRegions }: Pick<RotationSetting, "files" | "otherRegions">,
  region = "",
): void {
  if (otherRegions.length > 0) {
    warn(
      `other regions sign with ${files.secretFile} as well: ${otherRegions.join(", ")}. After the switch, their TURN servers reject callers, unless they use this database. Give --turn-db a database that all of them use, or give the region ${region} its own secretFiles`,
    );
  }
}

/**
 * Runs a part of a command, and reports its failure like a problem of the configuration.
 * @throws ConfigError
 */
export async function tellFailure<T>(secretFile: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TurnDatabaseError) {
      throw usageError("--turn-db", error.problem, error.fix);
    }
    if (error instanceof RotationError) {
      throw usageError("rotation", error.problem, error.fix);
    }
    if (error instanceof SecretError) {
      throw usageError("ice.turn.secretFiles", error.message, error.fix);
    }
    if (error instanceof Error && "syscall" in error && error.syscall === "spawnSync flock") {
      throw usageError("flock", "cannot be run", "Install it; on Debian it is in util-linux");
    }
    if (error instanceof FlockError) {
      throw usageError(
        "flock",
        `cannot lock a file beside ${secretFile} (${error.message})`,
        "Keep the secret file on a file system with locks",
      );
    }
    if (error instanceof FileReadError || (error instanceof Error && "syscall" in error)) {
      throw usageError(
        secretFile,
        `it, or a file beside it, cannot be read or replaced (${error.message})`,
        "Run this as the file's owner or as root, in a writable directory. If the directory is read-only, as with secrets that Kubernetes mounts, rotate by hand: docs/secret-rotation.md",
      );
    }
    throw error;
  }
}

function findSigningFile(
  {
    ice: {
      servers: { regions, life },
    },
  }: Config,
  regionName: string | undefined,
): { secretFile: string } & Pick<RotationSetting, "ttlSeconds" | "otherRegions"> {
  const region = regions.find(({ name }) => name === (regionName ?? ""));
  if (region === undefined || regionName === "") {
    const known = regions.map(({ name }) => name).join(", ");
    throw usageError(
      "--region",
      regionName === undefined
        ? "is missing"
        : `${JSON.stringify(regionName)} is not a configured region`,
      known === "" ? "Leave it out: no regions are configured" : `Name one of them: ${known}`,
    );
  }
  if (region.sharedSecret === undefined) {
    throw usageError(
      "ice.turn",
      "names no TURN server, so there is nothing to rotate",
      "Give the service's own configuration with --config or ICE_CONFIG",
    );
  }
  const [{ file: secretFile }] = region.sharedSecret.secrets;
  if (secretFile === undefined) {
    throw usageError(
      "ICE_TURN_SECRET",
      "contains the secret, which cannot be changed in a running service",
      "Write it into a file (mode 0600), and name that with ice.turn.secretFiles or ICE_TURN_SECRET_FILE instead",
    );
  }
  const path = realpathSync(secretFile);
  const otherRegions = regions
    .filter((other) => other !== region && findSigningPath(other.sharedSecret) === path)
    .map(({ name }) => name);
  return { secretFile, ttlSeconds: life.ttlSeconds, otherRegions };
}

/** As {@link RotationFiles} finds it: names that are links may lead to one file. */
function findSigningPath(sharedSecret: SharedSecretConfig | undefined): string | undefined {
  const file = sharedSecret?.secrets[0].file;
  return file === undefined ? undefined : realpathSync(file);
}

function findDatabase({ turnDb, turnDbFile }: RotationCommandOptions): DatabaseLocation {
  const key = turnDbFile === undefined ? "--turn-db" : "--turn-db-file";
  if ((turnDb === undefined) === (turnDbFile === undefined)) {
    throw usageError(
      key,
      turnDb === undefined ? "is missing" : "is set together with --turn-db",
      "Give one: --turn-db URL, or --turn-db-file FILE with a file that contains the URL",
    );
  }
  refuseFlaw(key, turnDb ?? turnDbFile ?? "");
  try {
    const location = parseDatabaseLocation(turnDb ?? readUrlFile(turnDbFile ?? ""));
    if (turnDb !== undefined && holdsPassword(location)) {
      warn(
        "every user of this machine can see the password on the command line: use --turn-db-file",
      );
    }
    return location;
  } catch (error) {
    if (error instanceof TurnDatabaseError) {
      throw usageError(key, error.problem, error.fix);
    }
    if (error instanceof SecretError) {
      throw usageError(key, error.message, error.fix);
    }
    throw error;
  }
}

/** It may hold a password, so the rules of secret files hold. */
function readUrlFile(file: string): string {
  return readSecretFile(file, new DiskFiles(), false, warn).export().toString("utf8");
}

function warn(text: string): void {
  process.stderr.write(`warning: ${text}\n`);
}
