import { acceptsTcp, type ChildProcess, startProcess } from "./child-process.js";
import type { TemporaryDirectory } from "./temporary-directory.js";

export interface ProxyOptions {
  /** Also the name of the program. */
  readonly name: string;
  readonly args: readonly string[];
  /** Where it runs, and what it needs; removed when it stops. */
  readonly directory: TemporaryDirectory;
  readonly ports: readonly number[];
  /** Where they are; 127.0.0.1 by default. */
  readonly host?: string;
}

export interface ProxyProcess {
  readonly child: ChildProcess;
  /** @param signal SIGTERM by default, at which some wait for what is open */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a reverse proxy, and waits until it takes connections on all of its ports. */
export async function startProxy({
  name,
  args,
  directory,
  ports,
  host,
}: ProxyOptions): Promise<ProxyProcess> {
  const child = startProcess({ name, command: name, args, cwd: directory.path });
  async function stop(signal?: NodeJS.Signals) {
    await child.stop(signal);
    await directory.remove();
  }
  try {
    for (const port of ports) {
      await child.untilReady(() => acceptsTcp(port, host));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { child, stop };
}
