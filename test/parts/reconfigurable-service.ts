import { rename } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { type IceService, type IceServiceOptions, startIceService } from "./ice-service.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

export interface ReconfigurableService {
  readonly service: IceService;
  /** Puts another file in the place of one that the configuration names. */
  write(name: string, content: string): Promise<void>;
  /** Writes another configuration, and waits until it is in effect. */
  configure(config: object): Promise<void>;
  /** Writes a file that the configuration names, and waits until it is in effect. */
  replace(name: string, content: string | Uint8Array): Promise<void>;
  /** Ends it and returns its exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts the built program from files that can be changed while it runs.
 *
 * @param files beside the configuration file, which names them without a path
 */
export async function startReconfigurableService(
  config: object,
  files: Readonly<Record<string, string | Uint8Array>>,
  { env = {}, args = [] }: Pick<IceServiceOptions, "env" | "args"> = {},
): Promise<ReconfigurableService> {
  const directory = await createTemporaryDirectory("reconfigurable");
  const write = async (name: string, content: string | Uint8Array) =>
    rename(await directory.write(`${name}.new`, content), join(directory.path, name));
  for (const [name, content] of Object.entries(files)) {
    await write(name, content);
  }
  await write("ice.yaml", print(config));
  const service = await startIceService({
    env: { ICE_CONFIG: join(directory.path, "ice.yaml"), ...env },
    args,
  });
  const countReloads = () =>
    service.logs().filter(({ msg }) => msg === "configuration reloaded").length;
  const replace = async (name: string, content: string | Uint8Array) => {
    const before = countReloads();
    await write(name, content);
    const deadlineMs = performance.now() + 60_000;
    while (countReloads() === before) {
      if (performance.now() > deadlineMs) {
        throw new Error(`${name} was not taken over. The log:\n${service.stderr()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return {
    service,
    write,
    replace,
    configure: (next) => replace("ice.yaml", print(next)),
    async stop() {
      const exitCode = await service.stop();
      await directory.remove();
      return exitCode;
    },
  };
}

const print = (config: object) =>
  stringify({ listen: { host: "127.0.0.1", port: 0 }, shutdown: { delay: "0s" }, ...config });
