import type { Command } from "commander";
import type { RotationCommandOptions } from "./rotation-setting.js";
import type { RotateOptions } from "./secret-rotate-command.js";

const rotateHelp = `
Puts a new secret into the database, switches signing to it (the content of the
first of ice.turn.secretFiles), and removes the old one from the database, but not
before what it signed has expired: ice.turn.ttl plus the margin after the switch.
The margin is for instances that take longer to get the new secret, and for clocks
that differ. Does what can be done now; run it again later, or with --wait, to go on.
It may be stopped and run again at any time.

Secrets are never printed. A database password is read from the URL in
--turn-db-file, from PGPASSWORD or from REDISCLI_AUTH.`;

/**
 * Adds `secret new`, `add`, `rotate` and `status`. What they do is loaded when they are run.
 * @param end is given the exit code
 */
export function addSecretCommands(program: Command, end: (exitCode: number) => void): void {
  const secret = program.command("secret").description("make and change the TURN secret");
  secret
    .command("new")
    .description("make a secret of 256 random bits: print it, or write it to a new file")
    .option("-f, --file <file>", "write it there, for the owner only; never replaces a file")
    .option("--json", "print JSON")
    .action(async (options: { file?: string; json?: boolean }) => {
      const { newSecret } = await import("./secret-command.js");
      end(newSecret(options));
    });
  addDatabaseOptions(secret.command("add"))
    .description("put the secret that signs into the TURN server's database, before rotating it")
    .action(async (options: RotationCommandOptions) => {
      const { addSecret } = await import("./secret-command.js");
      end(await addSecret(options));
    });
  addDatabaseOptions(secret.command("rotate"))
    .description("change the secret, in a running service and a running TURN server")
    .option("--margin <duration>", "beside ttl, from 5s on (default: 10m, or as it began)")
    .option("--wait", "stay until the old secret may leave, and remove it")
    .addHelpText("after", rotateHelp)
    .action(async (options: RotateOptions) => {
      const { rotateSecret } = await import("./secret-rotate-command.js");
      end(await rotateSecret(options));
    });
  addDatabaseOptions(secret.command("status"))
    .description("tell where a rotation stands; exit code 1 when something is wrong")
    .option("--json", "print JSON")
    .action(async (options: RotationCommandOptions & { json?: boolean }) => {
      const { showSecretStatus } = await import("./secret-status-command.js");
      end(await showSecretStatus(options));
    });
}

function addDatabaseOptions(command: Command): Command {
  return command
    .option(
      "--turn-db <url>",
      "the TURN server's database: redis:, rediss:, postgres:, sqlite:FILE",
    )
    .option("--turn-db-file <file>", "a file that holds this URL, with its password")
    .requiredOption("-r, --realm <realm>", "the TURN server's realm")
    .option("--region <name>", "whose secret, where ice.turn.regions is configured")
    .option("-c, --config <file>", "YAML configuration file (or ICE_CONFIG)");
}
