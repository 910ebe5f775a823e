import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProcess } from "./child-process.js";
import type { NetworkHost } from "./network-host.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

const script = fileURLToPath(new URL("socket-bridge.mjs", import.meta.url));

/** A way to a server in another network. */
export interface Bridge {
  /** A Unix socket that leads there. */
  readonly socketPath: string;
  /** Gets JSON from a path, such as `/health/turn`, on a connection of its own. */
  getJson(path: string, headers?: Readonly<Record<string, string>>): Promise<unknown>;
  stop(): Promise<void>;
}

/** @param url of the server, on a loopback address of that host */
export async function openBridge(on: NetworkHost, url: string): Promise<Bridge> {
  const directory = await createTemporaryDirectory("bridge");
  const socketPath = join(directory.path, "socket");
  const [command = "", ...args] = [...on.enter, process.execPath];
  const child = startProcess({
    name: "bridge",
    command,
    args: [...args, script, socketPath, new URL(url).port],
    cwd: directory.path,
  });
  await child.untilReady(() => child.stdout().includes("ready") || undefined);
  return {
    socketPath,
    async getJson(path, headers = {}) {
      const sent = request({ socketPath, path, headers: { host: "localhost", ...headers } }).end();
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      return JSON.parse((await answer.toArray()).join(""));
    },
    async stop() {
      await child.stop();
      await directory.remove();
    },
  };
}
