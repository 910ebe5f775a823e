import { fileURLToPath } from "node:url";
import type { TurnCredential } from "../../src/turn/provider.js";
import { type ChildProcess, startProcess } from "./child-process.js";
import type { NetworkHost } from "./network-host.js";

const script = fileURLToPath(new URL("allocate.py", import.meta.url));

/**
 * Asks for relays with aioice on another host, over UDP at port 3478, and keeps them as a caller does,
 * until the process is stopped. The server then keeps them until their life ends.
 */
export async function holdRemoteRelays(
  on: NetworkHost,
  host: string,
  credential: TurnCredential,
  count = 1,
): Promise<ChildProcess> {
  const target = { ...credential, host, port: 3478, transport: "udp", hold: count };
  const [command = "", ...args] = [...on.enter, "/usr/bin/python3", "-I", "-B"];
  const child = startProcess({
    name: "caller",
    command,
    args: [...args, script, JSON.stringify(target)],
    cwd: "/",
  });
  await child.untilReady(() => child.stdout().includes('"allocated": true') || undefined);
  return child;
}
