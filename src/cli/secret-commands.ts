import type { Command } from "commander";
import type { RotationCommandOptions } from "./rotation-setting.js";
import type { RotateOptions } from "./secret-rotate-command.js";

const rotateHelp = `
Adds a new secret to the database, writes it to the first file of
ice.turn.secretFiles so that the service signs with it, and removes the old secret
from the database when the credentials that it signed have expired. That is
ice.turn.ttl plus the margin after the switch. The margin allows for instances that
get the new secret later, and for clocks that differ. Each run does the steps that
are due. Run it again later to continue, or use --wait. You can stop it and run it
again at any time.

Before it removes the old secret, it asks: other programs may have the same secret,
such as Nextcloud Talk or LiveKit, and must get the new one first. Without a
terminal, it removes nothing unless --yes is set.

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
    .option("-f, --file <file>", "write it to a new file that only its owner can read")
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
    .description("change the secret while the service and the TURN server run")
    .option(
      "--margin <duration>",
      "time to wait in addition to ttl, at least 5s (default: 10m, or that of the rotation in progress)",
    )
    .option("--wait", "wait until the old secret can be removed, and remove it")
    .option("-y, --yes", "remove the old secret without asking, for scripts")
    .addHelpText("after", rotateHelp)
    .action(async (options: RotateOptions) => {
      const { rotateSecret } = await import("./secret-rotate-command.js");
      end(await rotateSecret(options));
    });
  addDatabaseOptions(secret.command("status"))
    .description("show the progress of a rotation; exit code 1 when something is wrong")
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
    .option("--turn-db-file <file>", "a file with this URL and its password")
    .requiredOption("-r, --realm <realm>", "the TURN server's realm")
    .option("--region <name>", "the region whose secret to use, if ice.turn.regions is configured")
    .option("-c, --config <file>", "YAML configuration file (or ICE_CONFIG)");
}
