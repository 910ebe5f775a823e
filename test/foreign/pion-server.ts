import { join } from "node:path";
import { runProgram, startProcess } from "../parts/child-process.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";

export interface PionServer {
  /** Of TURN over UDP and over TCP, on 127.0.0.1. */
  readonly port: number;
  /** Its log, which tells of each request with an expired credential. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts a TURN server on pion, whose relays end with their credentials.
 * @param secret of time-limited credentials
 * @param args further arguments, such as `-deny-peers`
 */
export async function startPionServer(
  secret: string,
  ...args: readonly string[]
): Promise<PionServer> {
  const directory = await createTemporaryDirectory("pion-server");
  const program = join(directory.path, "server");
  await runProgram("nice", ["go", "build", "-o", program, "."], {
    cwd: join(import.meta.dirname, "pion-server"),
    timeout: 300_000,
  });
  const server = startProcess({
    name: "pion",
    command: program,
    args: ["-secret", secret, ...args],
    cwd: directory.path,
  });
  const port = await server.untilReady(() => Number(server.stdout().trim()) || undefined);
  return {
    port,
    log: server.stderr,
    async stop() {
      await server.stop();
      await directory.remove();
    },
  };
}
