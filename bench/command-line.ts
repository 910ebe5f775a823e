import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { http2Connections } from "./load/h2load.js";

export interface BenchOptions {
  readonly rounds: number;
  /** Of each measurement in each round. */
  readonly seconds: number;
  readonly callsInFlight: number;
  /** Of the rows, by their first two columns. */
  readonly only?: RegExp;
  readonly json?: string;
  /** The binary that runs the servers. */
  readonly node: string;
  readonly full: boolean;
  readonly check: boolean;
  /** Where the service's CPU profiles go. */
  readonly cpuProf?: string;
}

/**
 * Reads the options. For `--help` and bad usage it has printed what there is to say.
 *
 * @param args such as `process.argv.slice(2)`
 * @throws CommanderError with `exitCode` 0 after `--help`, otherwise not 0
 */
export function parseOptions(args: readonly string[]): BenchOptions {
  const command = new Command("npm run bench --")
    .description(
      "Compares the built service with bare servers and with what one would write instead.",
    )
    .helpOption("--help", "show this")
    .option("--rounds <n>", "rounds; a ratio is computed in each", parseCount, 5)
    .option("--seconds <n>", "seconds of each measurement in each round", parseCount, 3)
    .option("--in-flight <n>", "calls in flight, a multiple of 8", parseInFlight, 64)
    .option("--only <pattern>", "rows that match this regular expression", parsePattern)
    .option("--json <file>", "keep every round's figures in this file")
    .option("--node <path>", "the node that runs the servers", process.execPath)
    .option("--full", "also measure memory after 1,000,000 calls", false)
    .option("--check", "exit with 1 when a target is missed", false)
    .option("--cpu-prof <dir>", "write CPU profiles of the service to this directory")
    .exitOverride();
  command.parse([...args], { from: "user" });
  const given = command.opts<ParsedOptions>();
  return {
    rounds: given.rounds,
    seconds: given.seconds,
    callsInFlight: given.inFlight,
    ...(given.only && { only: given.only }),
    ...(given.json && { json: resolve(given.json) }),
    node: given.node,
    full: given.full,
    check: given.check,
    ...(given.cpuProf && { cpuProf: resolve(given.cpuProf) }),
  };
}

/** As commander makes them of the declarations above. */
interface ParsedOptions {
  rounds: number;
  seconds: number;
  inFlight: number;
  only?: RegExp;
  json?: string;
  node: string;
  full: boolean;
  check: boolean;
  cpuProf?: string;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 1000) {
    throw new InvalidArgumentError("It must be a whole number from 1 to 1000.");
  }
  return count;
}

function parseInFlight(text: string): number {
  const count = parseCount(text);
  if (count % http2Connections !== 0) {
    throw new InvalidArgumentError(`It must be a multiple of ${http2Connections}.`);
  }
  return count;
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, "i");
  } catch {
    throw new InvalidArgumentError("It must be a regular expression.");
  }
}
