import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { z } from "zod";
import { type ChildProcess, startProcess } from "./child-process.js";
import { findFreePort } from "./free-port.js";
import type { NetworkHost } from "./network-host.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

/** Runs the service: another Node than the tests' own where ICE_TEST_NODE names one. */
const node = process.env["ICE_TEST_NODE"] ?? process.execPath;
const builtProgram = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export interface IceServiceOptions {
  /** The file to run: the built program by default. */
  readonly program?: string;
  /** The configuration file's content. Without it the service gets no file. */
  readonly config?: {
    readonly listen?: object;
    /** Off if absent, so that services side by side do not want the same port; not so if undefined. */
    readonly admin?: object | false | undefined;
    readonly [key: string]: unknown;
  };
  /** Beside PATH and HOME, which are all that the service gets otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of `serve`. */
  readonly args?: readonly string[];
  /** Files beside the configuration file, readable by their owner only; it names them without a path. */
  readonly files?: Readonly<Record<string, string>>;
  /** How many files each process may have open (`ulimit -n`). */
  readonly openFiles?: number;
  /** Where it runs; by default beside the tests. `openBridge` reaches it there. */
  readonly on?: NetworkHost;
}

const logLineSchema = z.looseObject({ level: z.string(), msg: z.string() });
const readyLineSchema = z.object({ url: z.string(), adminUrl: z.string().optional() });
export type LogLine = z.infer<typeof logLineSchema>;

export interface IceService {
  readonly pid: number;
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Where metrics are served, such as `http://127.0.0.1:40124`. */
  readonly adminUrl: string | undefined;
  /** `host:port`, as gRPC clients want it. */
  readonly target: string;
  /**
   * The lines of the log so far, without the warnings about the version of Node that the tests run on,
   * and about the TURN server that most tests do not need. Throws when one is not a JSON object with `level` and `msg`.
   */
  logs(): LogLine[];
  /** Standard error as it is. */
  stderr(): string;
  stdout(): string;
  signal(name: NodeJS.Signals): void;
  /** Ends it (SIGTERM by default) and returns its exit code. A second call only returns the code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the built program on a free loopback port, and waits until it says that it is ready. */
export async function startIceService({
  program = builtProgram,
  config,
  env = {},
  args = [],
  files = {},
  openFiles,
  on,
}: IceServiceOptions = {}): Promise<IceService> {
  const directory = await createTemporaryDirectory("service");
  for (const [name, content] of Object.entries(files)) {
    await directory.write(name, content);
  }
  const serveArgs = [...args];
  const addressEnv: Record<string, string> = {};
  // Of port 0, the primary chooses one, and frees it until its workers bind it. Meanwhile, an outgoing
  // connection of another test may take it.
  const port = args.includes("--workers") && on === undefined ? await findFreePort() : 0;
  if (config === undefined) {
    addressEnv["ICE_HOST"] = "127.0.0.1";
    addressEnv["ICE_PORT"] = String(port);
  } else {
    const listen = { host: "127.0.0.1", port, ...config.listen };
    const content = stringify({ admin: false, ...config, listen });
    serveArgs.push("--config", await directory.write("ice.yaml", content));
  }
  const [command = "", ...commandArgs] = [
    ...(on?.enter ?? []),
    ...(openFiles === undefined ? [] : ["prlimit", `--nofile=${openFiles}`]),
    ...[node, program, "serve", ...serveArgs],
  ];
  const child = startProcess({
    name: "ice-service",
    command,
    args: commandArgs,
    cwd: directory.path,
    env: { ...addressEnv, ...env },
  });
  async function stop(signal?: NodeJS.Signals) {
    const exitCode = await child.stop(signal);
    await directory.remove();
    return exitCode;
  }
  try {
    const { url, adminUrl } = await child.untilReady(() => findReadyLine(child));
    const { hostname: host, port, host: target } = new URL(url);
    return {
      pid: child.pid,
      url,
      host,
      port: Number(port),
      adminUrl,
      target,
      logs: () => readLog(child),
      stderr: child.stderr,
      stdout: child.stdout,
      signal: child.signal,
      stop,
    };
  } catch (error) {
    await stop("SIGKILL");
    throw error;
  }
}

function findReadyLine(child: ChildProcess) {
  const ready = readLog(child).find(({ msg }) => msg === "ready");
  return ready && readyLineSchema.parse(ready);
}

/** The last line may be half written, and is then left out. */
function readLog(child: ChildProcess): LogLine[] {
  const lines = child.stderr().split("\n").slice(0, -1);
  const parsed = lines.map((line) => logLineSchema.parse(JSON.parse(line)));
  return parsed.filter(({ msg }) => !/^(Node\.js 20 |no TURN server is configured)/.test(msg));
}
