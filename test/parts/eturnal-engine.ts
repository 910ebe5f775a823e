import { fileURLToPath } from "node:url";
import { acceptsTcp, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

const script = fileURLToPath(new URL("eturnal-engine.escript", import.meta.url));

export interface EturnalEngine {
  /** Of TURN over UDP and over TCP, on 127.0.0.1. */
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts the engine of eturnal, Debian's erlang-p1-stun, as eturnal uses it.
 * @param expiry `strict` where expired credentials are refused for relays that are open, too
 */
export async function startEturnalEngine(
  secret: string,
  expiry: "strict" | "lax",
): Promise<EturnalEngine> {
  const port = await findFreePort();
  const directory = await createTemporaryDirectory("eturnal");
  const child = startProcess({
    name: "eturnal's engine",
    command: "escript",
    args: [script, String(port), secret, expiry],
    cwd: directory.path,
  });
  await child.untilReady(() => acceptsTcp(port));
  return {
    port,
    async stop() {
      // SIGTERM has it end its tasks first, which takes seconds.
      await child.stop("SIGKILL");
      await directory.remove();
    },
  };
}
