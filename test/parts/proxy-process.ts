import { acceptsTcp, type ChildProcess, startProcess } from "./child-process.js";
import type { TemporaryDirectory } from "./temporary-directory.js";

export interface ProxyOptions {
  /** Also the name of the program. */
  readonly name: string;
  readonly args: readonly string[];
  /** Where it runs, and what it needs; removed when it stops. */
  readonly directory: TemporaryDirectory;
  /** On 127.0.0.1. */
  readonly ports: readonly number[];
}

export interface ProxyProcess {
  readonly child: ChildProcess;
  stop(): Promise<void>;
}

/** Starts a reverse proxy, and waits until it takes connections on all of its ports. */
export async function startProxy({
  name,
  args,
  directory,
  ports,
}: ProxyOptions): Promise<ProxyProcess> {
  const child = startProcess({ name, command: name, args, cwd: directory.path });
  async function stop() {
    await child.stop();
    await directory.remove();
  }
  try {
    for (const port of ports) {
      await child.untilReady(() => acceptsTcp(port));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { child, stop };
}
