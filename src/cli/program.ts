import { Command, CommanderError, Option } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { ConfigError, printConfigError } from "../errors.js";
import { exitWhenOutputFails } from "../process/output-errors.js";
import { type CheckOptions, relayModes } from "./check-options.js";
import { checkConfig } from "./config-command.js";
import { type IceServersOptions, listFormats, printIceServers } from "./ice-servers-command.js";
import { addSecretCommands } from "./secret-commands.js";
import { runServe, type ServeOptions } from "./serve-command.js";
import { hashToken, type NewTokenOptions, newToken } from "./token-command.js";
import { describeUnknownCommand } from "./unknown-command.js";

const exitCodeHelp = `
Exit codes:
  0  success
  1  check or secret status found a problem; ice-servers has no TURN server for
     --format rest or uri; a worker process could not start or stop
  2  bad usage or configuration
  130  serve was ended by a second SIGINT (Ctrl-C twice)`;

const serveHelp = `
Of the configuration keys, only auth is required. Environment variables override the file; the
README lists them. To try it without configuration: ice-service serve --dev
${exitCodeHelp}`;

/**
 * Runs the command line.
 * @param argv as process.argv
 * @returns the exit code
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  exitWhenOutputFails();
  let exitCode = 0;
  const program = new Command("ice-service")
    .description("Hands STUN and TURN servers with expiring credentials to WebRTC clients.")
    .version(packageJson.version)
    .exitOverride()
    .showHelpAfterError("(run with --help for the usage)")
    .addHelpText("after", exitCodeHelp)
    // Words behind the options become arguments of the command, of which none has any.
    .allowExcessArguments()
    .hook("preAction", (_, { args }) => {
      if (args.length > 0) {
        refuseUnknownCommand(args, program);
        program.error(`error: '${args.join(" ")}' must be before the options`);
      }
    });

  program
    .command("serve", { isDefault: true })
    .description("serve until SIGTERM or SIGINT (the default command)")
    .option("-c, --config <file>", "YAML configuration file (or ICE_CONFIG)")
    .option(
      "--dev",
      "no configuration needed: loopback only, with a token and a secret for this run",
    )
    .option("--with-coturn", "with --dev: also run the coturn on the PATH, with this run's secret")
    .option(
      "-w, --workers <number>",
      "processes that share the port, from 1 to 256, or auto: one per processor (default: 1)",
    )
    .addHelpText("after", serveHelp)
    .action(async (options: ServeOptions) => {
      const code = await runServe(options).catch(reportConfigError);
      // At once, rather than when Node would: some things cannot be canceled and would be waited for,
      // such as an export of traces that nobody answers, a DNS lookup, or what a start that failed
      // half-way has left. And on its own way out, Node removes its signal handlers before the process
      // is gone: a second SIGTERM would then kill it, and a clean stop would look like a crash.
      process.exit(code);
    });

  program
    .command("check")
    .description("probe every STUN and TURN URL of the configuration, as clients use them")
    .option("-c, --config <file>", "YAML configuration file (or ICE_CONFIG)")
    .option("--json", "print JSON")
    .option("-t, --timeout <duration>", "timeout for each probe, from 1s to 60s", "5s")
    .option("--ca <file>", "PEM file of certificate authorities to trust, in addition to Node's")
    .option("--realm <realm>", "the realm that the TURN servers must use")
    .addOption(
      new Option(
        "--relay <mode>",
        "a relay that forwards no packets is a warning (auto), or a failure, also if it cannot be tested (require); off does not test",
      ).choices(relayModes),
    )
    .option(
      "--lifetime",
      "also measure whether relays outlive their credentials: takes 12 s more, not with --watch",
    )
    .option("--watch", "probe repeatedly until SIGINT, and print what changes")
    .option("--interval <duration>", "time between two rounds of --watch", "10s")
    .action(async (options: CheckOptions) => {
      // Loaded only here, so that serving needs no memory for it.
      const { checkServers } = await import("./check-command.js");
      exitCode = await checkServers(options);
    });

  const token = program.command("token").description("make and hash connector tokens");
  token
    .command("new")
    .description("make a connector token, and print it once with its entry for the tokens file")
    .requiredOption("-n, --name <name>", "client name, shown in the log")
    .option(
      "-e, --expires <duration>",
      "lifetime, such as 90d; without it, the token does not expire",
    )
    .option(
      "--may-name-users",
      "for a backend that requests servers for its users, see docs/end-users.md; not for tokens that clients have",
    )
    .option("--json", "print JSON")
    .action((options: NewTokenOptions) => {
      exitCode = newToken(options);
    });
  token
    .command("hash")
    .description("hash one token from standard input, for the tokens file")
    .action(async () => {
      exitCode = await hashToken();
    });

  program
    .command("ice-servers")
    .description("print a list of ICE servers without a server, for static settings and trials")
    .option("-c, --config <file>", "YAML configuration file (or ICE_CONFIG)")
    .option(
      "--ttl <duration>",
      "lifetime of the credential, such as 30d, up to 365d (default: ice.turn.ttl)",
    )
    .option("--region <name>", "region of the servers (default: ice.turn.defaultRegion)")
    .option("--user <name>", "user that the credential is for, see docs/end-users.md")
    .addOption(
      new Option(
        "--format <format>",
        "json: for RTCPeerConnection; array: its iceServers; rest: as TURN REST; uri: turn://user:password@host; link: Link headers of WHIP",
      )
        .choices([...listFormats])
        .default("json"),
    )
    .action(async (options: IceServersOptions) => {
      exitCode = await printIceServers(options);
    });

  addSecretCommands(program, (code) => {
    exitCode = code;
  });

  const config = program.command("config").description("check the configuration");
  config
    .command("check")
    .description("validate the configuration and print the effective values, without secrets")
    .option("-c, --config <file>", "YAML configuration file (or ICE_CONFIG)")
    .option("--json", "print JSON")
    .action((options: { config?: string; json?: boolean }) => {
      exitCode = checkConfig(options);
    });

  try {
    refuseUnknownCommand(listFirstWords(argv), program);
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? 0 : 2;
    }
    return reportConfigError(error);
  }
}

/**
 * @returns the exit code
 * @throws what is not a ConfigError
 */
function reportConfigError(error: unknown): number {
  if (error instanceof ConfigError) {
    process.stderr.write(printConfigError(error));
    return 2;
  }
  throw error;
}

/** The arguments before the first option, without `help`. */
function listFirstWords([, , ...args]: readonly string[]): readonly string[] {
  const optionIndex = args.findIndex((arg) => arg.startsWith("-"));
  const words = optionIndex === -1 ? args : args.slice(0, optionIndex);
  return words[0] === "help" ? words.slice(1) : words;
}

/** @throws CommanderError when the words are no command */
function refuseUnknownCommand(words: readonly string[], program: Command): void {
  const message = describeUnknownCommand(words, program);
  if (message !== undefined) {
    program.error(message);
  }
}
