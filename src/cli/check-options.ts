import { X509Certificate } from "node:crypto";
import { parseDuration } from "../config/duration.js";
import { refuseFlaw } from "../config/free-text.js";
import { usageError } from "../errors.js";
import { FileReadError, type Files } from "../files/files.js";
import { describeReadFailure } from "../files/read-failure.js";
import type { ProbeOptions } from "../probe/probe.js";
import { maxPemBytes } from "../server/tls-config.js";

/** The command line of `check`. */
export interface CheckOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly interval: string;
  readonly timeout: string;
  readonly ca?: string;
  readonly realm?: string;
  readonly lifetime?: boolean;
  /** One of {@link relayModes}. */
  readonly relay?: RelayMode;
}

/**
 * What a relay that no packets cross means: `auto` a warning, `require` a failure, even where it cannot
 * be tested; with `off` relays are not tested. Without any of them it is a failure, and a relay that
 * cannot be tested a warning.
 */
export const relayModes = ["auto", "require", "off"] as const;
export type RelayMode = (typeof relayModes)[number];

/**
 * Reads what the probes need to know.
 * @throws ConfigError when an option cannot be used
 */
export function readProbeOptions(
  { timeout, ca, realm, relay }: CheckOptions,
  files: Files,
): ProbeOptions {
  refuseFlaw("--realm", realm ?? "");
  return {
    ...(relay !== "off" && { relayTest: "everywhere" }),
    timeoutMs: readSeconds("--timeout", timeout, 60) * 1000,
    ...(ca !== undefined && { extraCa: readAuthorities(ca, files) }),
    ...(realm !== undefined && { realm }),
  };
}

/**
 * Reads `--interval`: how long to wait between two rounds.
 * @throws ConfigError when it is not from 1s to 24h
 */
export function readIntervalMs({ interval }: CheckOptions): number {
  return readSeconds("--interval", interval, 86_400) * 1000;
}

function readSeconds(option: string, text: string, max: number): number {
  const seconds = parseDuration(text) ?? 0;
  if (seconds < 1 || seconds > max) {
    throw usageError(
      option,
      `${JSON.stringify(text)} is not a duration from 1s to ${max}s`,
      `Write ${option} 10s, for example`,
    );
  }
  return seconds;
}

function readAuthorities(file: string, files: Files): string {
  try {
    const pem = Buffer.from(files.read(file, maxPemBytes).bytes).toString("latin1");
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    if (error instanceof FileReadError) {
      const { problem, fix } = describeReadFailure(error);
      throw usageError("--ca", `${file} ${problem}`, fix);
    }
    throw usageError(
      "--ca",
      `${file} contains no certificate`,
      "Give a PEM file with the certificates of your authorities",
    );
  }
}
