import { findHolder } from "../authentication/users-right.js";
import { printTime, systemClock } from "../clock.js";
import { parseDuration, printDuration } from "../config/duration.js";
import { InvalidFieldError, usageError } from "../errors.js";
import { DiskFiles } from "../files/disk-files.js";
import { toLinkHeaders, toTurnRest, toTurnUris } from "../ice/ice-server-forms.js";
import type { IceServerList } from "../ice/ice-server-list.js";
import { loadConfig } from "../service-config.js";
import { createIceServerLister } from "../turn/ice-server-lister.js";
import { askProviders } from "./asked-providers.js";

export const listFormats = ["json", "array", "rest", "uri", "link"] as const;

/** The command line of `ice-servers`. */
export interface IceServersOptions {
  readonly config?: string;
  readonly ttl?: string;
  readonly region?: string;
  readonly user?: string;
  readonly format: (typeof listFormats)[number];
}

const maxTtl = "365d";

/** The person who runs the command has the secret, and can name anybody. */
const operator = {
  ...{ kind: "command", issuer: "", subject: "ice-servers" },
  usersRight: "granted",
} as const;

/**
 * `ice-servers`: prints a list of ICE servers as a server with this configuration would answer.
 * @returns the exit code: 0, or 1 when the format needs TURN and there is none
 * @throws ConfigError when the command line or the configuration cannot be used
 */
export async function printIceServers({
  config: file,
  ttl,
  region = "",
  user = "",
  format,
}: IceServersOptions): Promise<number> {
  const requestedSeconds = ttl === undefined ? 0 : readTtl(ttl);
  const { config, warnings } = loadConfig({
    env: process.env,
    file,
    files: new DiskFiles(),
    needsCallers: false,
  });
  for (const warning of warnings) {
    printWarning(warning);
  }
  const { servers } = config.ice;
  const { life } = servers;
  const ttlSeconds = requestedSeconds || life.ttlSeconds;
  // Bounds are for callers.
  const unbounded = {
    ...life,
    ttlSeconds,
    minTtlSeconds: Math.min(life.minTtlSeconds, ttlSeconds),
  };
  // Nothing is probed here: own servers count as up, and need no fallback.
  const isManaged =
    servers.managed?.use === "always" || servers.regions.every(({ turn }) => turn === undefined);
  const { choice, listFailed } = await askProviders(isManaged ? servers.managed : undefined);
  for (const { provider, problem } of listFailed()) {
    printWarning(`${provider} gives no credential: ${problem}`);
  }
  const settings = { ...servers, life: unbounded };
  const lister = createIceServerLister(settings, systemClock, undefined, choice);
  const request = { region, ttlSeconds: 0, maxUrls: 0 };
  const nowMs = systemClock();
  let list: IceServerList;
  try {
    const holder = findHolder(operator, { user, clientAddress: "" });
    list = await lister.list(holder, request, nowMs);
    if (holder !== operator && haveSameNames(list, await lister.list(operator, request, nowMs))) {
      printWarning(
        "--user does not change the username: that requires your own TURN server, and ice.turn.identity subject or pseudonym",
      );
    }
  } catch (error) {
    if (error instanceof InvalidFieldError) {
      throw usageError(`--${error.field}`, error.problem, "Correct the option");
    }
    throw error;
  }
  const text = printList(list, format);
  if (text === undefined) {
    process.stderr.write(`error: there is no TURN server, which --format ${format} needs\n`);
    return 1;
  }
  if (ttlSeconds > life.ttlSeconds && servers.regions.some(({ turn }) => turn !== undefined)) {
    const expiresAtSeconds = Math.floor(nowMs / 1000) + ttlSeconds;
    printWarning(
      `the credential is valid until ${printTime(expiresAtSeconds)}, longer than ice.turn.ttl (${printDuration(life.ttlSeconds)}): only another TURN secret ends it earlier`,
    );
  }
  if (format === "link" && /[^\n\x20-\x7e]/.test(text)) {
    printWarning(
      "the username is not ASCII, so HTTP headers cannot carry it: change ice.turn.name, or set ice.turn.identity to pseudonym",
    );
  }
  process.stdout.write(text === "" ? "" : `${text}\n`);
  return 0;
}

function readTtl(text: string): number {
  const seconds = parseDuration(text) ?? 0;
  if (seconds < 1 || seconds > (parseDuration(maxTtl) ?? 0)) {
    throw usageError(
      "--ttl",
      `${JSON.stringify(text)} is not a duration from 1s to ${maxTtl}`,
      "Write --ttl 30d, for example",
    );
  }
  return seconds;
}

/** Whether both lists have the same TURN usernames. */
function haveSameNames(one: IceServerList, other: IceServerList): boolean {
  const listNames = ({ iceServers }: IceServerList) =>
    iceServers.map(({ username }) => username).join(" ");
  return listNames(one) === listNames(other);
}

function printWarning(warning: string): void {
  process.stderr.write(`warning: ${warning}\n`);
}

/**
 * @returns undefined where the format has only TURN servers, and there is none; empty where it has a
 *   line for each server, and there is none
 */
function printList(
  { iceServers, credentialLife }: IceServerList,
  format: IceServersOptions["format"],
): string | undefined {
  switch (format) {
    case "json":
      return printJson({ iceServers });
    case "array":
      return printJson(iceServers);
    case "rest": {
      const credentials = toTurnRest(iceServers, credentialLife?.ttlSeconds ?? 0);
      return credentials && printJson(credentials);
    }
    case "uri": {
      const uris = toTurnUris(iceServers);
      return uris.length === 0 ? undefined : uris.join("\n");
    }
    case "link":
      return toLinkHeaders(iceServers).join("\n");
  }
}

function printJson(value: object): string {
  return JSON.stringify(value, undefined, 2);
}
