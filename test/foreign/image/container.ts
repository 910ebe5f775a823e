import { randomUUID } from "node:crypto";
import { z } from "zod";
import { runProgram, startProcess } from "../../parts/child-process.js";
import { createTemporaryDirectory } from "../../parts/temporary-directory.js";
import type { BuiltImage } from "./built-image.js";

export interface ContainerOptions {
  readonly user: { readonly uid: number; readonly gid: number };
  /** Replaces the image's command. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly memoryBytes: number;
  /** A folder, to be seen at /config. */
  readonly configPath: string;
}

export interface Container {
  /** The limit that is in force, in bytes. */
  readMemoryLimit(): Promise<number>;
  /**
   * Runs the image's HEALTHCHECK, as Docker does, and returns its exit code: 0 is healthy.
   * @param port to be looked at instead of the container's
   */
  checkHealth(port?: number): Promise<number>;
  /** Sends the image's stop signal, and returns the exit code. */
  stop(): Promise<number | null>;
}

const statistics = z.object({
  data: z.object({ memory: z.object({ usage: z.object({ limit: z.number() }) }) }),
});
const failure = z.object({ code: z.number() });

/**
 * Runs an image with runc, the runtime of Docker and Kubernetes: with a read-only root file system,
 * without capabilities and new privileges, in this machine's network.
 * @returns once the image's HEALTHCHECK succeeds
 */
export async function startContainer(
  { config, rootPath }: BuiltImage,
  { user, args = config.Cmd, env = {}, memoryBytes, configPath }: ContainerOptions,
): Promise<Container> {
  const bundle = await createTemporaryDirectory("container");
  const id = `ice-service-test-${randomUUID()}`;
  const [test, ...healthCommand] = config.Healthcheck.Test;
  if (test !== "CMD") {
    throw new Error(`the health check needs a shell: ${config.Healthcheck.Test.join(" ")}`);
  }
  const readOnly = ["nosuid", "noexec", "nodev", "ro"];
  await bundle.write(
    "config.json",
    JSON.stringify({
      ociVersion: "1.0.2",
      root: { path: rootPath, readonly: true },
      process: {
        user,
        args: [...config.Entrypoint, ...args],
        env: [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
        cwd: config.WorkingDir,
        noNewPrivileges: true,
        capabilities: {},
      },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
        { destination: "/sys", type: "sysfs", source: "sysfs", options: readOnly },
        {
          destination: "/config",
          type: "bind",
          source: configPath,
          options: ["bind", ...readOnly],
        },
      ],
      linux: {
        cgroupsPath: `/${id}`,
        resources: { memory: { limit: memoryBytes } },
        namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
      },
    }),
  );
  const runtime = startProcess({
    name: "the container",
    command: "runc",
    args: ["run", "--bundle", bundle.path, id],
    cwd: bundle.path,
  });
  const runc = (...command: readonly string[]) => runProgram("runc", command);

  async function remove(): Promise<void> {
    await runc("delete", "--force", id);
    await bundle.remove();
  }
  function checkHealth(port?: number): Promise<number> {
    const other = port === undefined ? [] : [`--env=ICE_PORT=${port}`];
    return runc("exec", ...other, id, ...healthCommand).then(
      () => 0,
      (error: unknown) => failure.parse(error).code,
    );
  }
  try {
    await runtime.untilReady(async () => ((await checkHealth()) === 0 ? true : undefined));
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    async readMemoryLimit() {
      const { stdout } = await runc("events", "--stats", id);
      return statistics.parse(JSON.parse(stdout)).data.memory.usage.limit;
    },
    checkHealth,
    async stop() {
      try {
        await runc("kill", id, config.StopSignal);
        // runc passes on how the program ends. Its own signal would be a second one to the program.
        return await runtime.stop("SIGCONT");
      } finally {
        await remove();
      }
    },
  };
}
