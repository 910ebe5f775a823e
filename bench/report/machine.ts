import { existsSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runProgram } from "../../test/parts/child-process.js";
import { MissingPartError } from "../failure.js";
import { packageRoot } from "../package-root.js";

/** Where the figures come from. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly versions: {
    /** Of the servers, not of the runner. */
    readonly node: string;
    readonly wrk: string;
    readonly h2load: string;
    readonly iceService: string;
  };
}

/**
 * Looks at the machine and at the programs that the run needs.
 *
 * @param node the binary that runs the servers
 * @throws MissingPartError that names all that is missing, and how to get it
 */
export async function describeMachine(node: string): Promise<Machine> {
  if (!existsSync("/proc/self/stat")) {
    throw new MissingPartError("memory and CPU time are read from /proc: this needs Linux");
  }
  // wrk prints its version only beside its usage, and exits with 1.
  const wrk = await findVersion("wrk", ["-v"], /^wrk .*?(\d+\.[\d.]+)/);
  const h2load = await findVersion("h2load", ["--version"], /^h2load .*?(\d+\.[\d.]+)/);
  const nodeVersion = await findVersion(node, ["--version"], /^v(\S+)/);
  if (wrk === undefined || h2load === undefined) {
    const packages = [
      ...(wrk === undefined ? ["wrk"] : []),
      ...(h2load === undefined ? ["nghttp2-client"] : []),
    ].join(" ");
    throw new MissingPartError(`load generators are missing: apt-get install ${packages}`);
  }
  if (nodeVersion === undefined) {
    throw new MissingPartError(`${node} is not a node binary`);
  }
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    versions: { node: nodeVersion, wrk, h2load, iceService: readOwnVersion() },
  };
}

export function formatMachine({ cpu, cores, memoryGiB, system, versions }: Machine): string {
  const { node, wrk, h2load, iceService } = versions;
  return [
    `ice-service ${iceService}, Node ${node}, wrk ${wrk}, h2load ${h2load}`,
    `${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}, ${memoryGiB} GiB, ${system}`,
  ].join("\n");
}

async function findVersion(
  command: string,
  args: readonly string[],
  pattern: RegExp,
): Promise<string | undefined> {
  const output = await runProgram(command, args).then(
    ({ stdout }) => stdout,
    // An error of execFile carries what the program printed, if there was one.
    (error: unknown) => {
      const printed = z.object({ stdout: z.string() }).safeParse(error);
      return printed.success ? printed.data.stdout : "";
    },
  );
  return pattern.exec(output)?.[1];
}

function readOwnVersion(): string {
  const text = readFileSync(join(packageRoot, "package.json"), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
