import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { http2Connections } from "./load/h2load.js";

const path = z.string().transform((name) => resolve(name));
const optionsSchema = z
  .object({
    rounds: z.int(),
    /** How many times all servers are started anew, each time for its part of the rounds. */
    starts: z.int(),
    /** Of each measurement in each round. */
    seconds: z.int(),
    inFlight: z.int(),
    /** Of the rows, by their first two columns. */
    only: z.instanceof(RegExp).optional(),
    json: path.optional(),
    /** The binary that runs the servers; a name without a slash is looked up in PATH. */
    node: z.string().transform((name) => (name.includes("/") ? resolve(name) : name)),
    targets: z.boolean(),
    full: z.boolean(),
    /** Whether to compare with the peers as well, which need Go. */
    peers: z.boolean(),
    check: z.boolean(),
    /** Where the service's CPU profiles go. */
    cpuProf: path.optional(),
  })
  .transform(({ inFlight, ...options }) => ({ ...options, callsInFlight: inFlight }));

export type BenchOptions = Readonly<z.infer<typeof optionsSchema>>;

const help = `
Exit codes:
  0  fine
  1  a server answered wrongly; with --check also: a target is missed
  2  bad usage, or a missing part

A run takes some twenty minutes; with --rounds 1 --seconds 1, three.`;

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
    .option("--rounds <n>", "rounds; a ratio is computed in each", parseCount, 9)
    .option("--starts <n>", "starts of all servers, for a part of the rounds each", parseCount, 3)
    .option("--seconds <n>", "seconds of each load in each round", parseCount, 2)
    .option("--in-flight <n>", "calls in flight, a multiple of 8", parseInFlight, 64)
    .option("--only <pattern>", "rows that match this regular expression", parsePattern)
    .option("--targets", "rows that have a target", false)
    .option("--json <file>", "keep every round's figures in this file")
    .option("--node <path>", "the node that runs the servers", process.execPath)
    .option("--full", "also measure memory after 1,000,000 calls", false)
    .option("--peers", "also compare with a Go server (needs Go)", false)
    .option(
      "--check",
      "exit with 1 when a target is missed, also after its calls were measured again",
      false,
    )
    .option("--cpu-prof <dir>", "write CPU profiles of the service to this directory")
    .showHelpAfterError("(run with --help for the usage)")
    .addHelpText("after", help)
    .exitOverride();
  command.parse([...args], { from: "user" });
  return optionsSchema.parse(command.opts());
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
