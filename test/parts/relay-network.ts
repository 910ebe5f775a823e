import { fileURLToPath } from "node:url";
import { runProgram, startProcess } from "./child-process.js";
import { createTemporaryDirectory } from "./temporary-directory.js";

const script = fileURLToPath(new URL("relay-network.sh", import.meta.url));

/** Where in the network programs run. */
export interface NetworkHost {
  /** The command, and its arguments, that runs a program there: it goes before the program. */
  readonly enter: readonly string[];
  /** Runs a program there, and returns what it prints. */
  run(command: string, ...args: readonly string[]): Promise<string>;
  /** Whether something there accepts TCP connections: a probe for `untilReady`. */
  acceptsTcp(ip: string, port: number): Promise<true | undefined>;
}

/** Hosts with addresses of their own, apart from all other networks. See relay-network.sh. */
export interface RelayNetwork {
  /** Public: 11.0.0.10 to 11.0.0.29 and 2a00:1::10 to 2a00:1::29. */
  readonly servers: NetworkHost;
  /** Public: 11.0.1.2 and 2a00:1:1::2. */
  readonly outside: NetworkHost;
  /** 192.168.7.2, behind a NAT whose public address is 11.0.2.1. */
  readonly home: NetworkHost;
  stop(): Promise<void>;
}

/** Makes the network. Whoever is not root is root in there. */
export async function startRelayNetwork(): Promise<RelayNetwork> {
  const isRoot = process.getuid?.() === 0;
  const directory = await createTemporaryDirectory("network");
  const child = startProcess({
    name: "network",
    command: "unshare",
    args: [...(isRoot ? [] : ["--user", "--map-root-user"]), "--net", "bash", script],
    cwd: directory.path,
  });
  const pids = await child.untilReady(() => {
    const lines = child.stdout().split("\n");
    return lines.includes("ready")
      ? new Map(lines.map((line) => [line.split(" ")[0], line.split(" ")[1]]))
      : undefined;
  });
  const findHost = (name: string): NetworkHost => {
    const pid = pids.get(name);
    if (pid === undefined) {
      throw new Error(`the network has no host ${name}`);
    }
    const user = isRoot ? [] : ["--user", "--preserve-credentials"];
    const enter = ["nsenter", "--target", pid, ...user, "--net"] as const;
    const run = async (...program: readonly string[]) => {
      const [command, ...args] = enter;
      const { stdout } = await runProgram(command, [...args, ...program], { timeout: 60_000 });
      return stdout;
    };
    return {
      enter,
      run,
      acceptsTcp: (ip, port) =>
        run("bash", "-c", `: </dev/tcp/${ip}/${port}`).then(
          () => true,
          () => undefined,
        ),
    };
  };
  return {
    servers: findHost("servers"),
    outside: findHost("outside"),
    home: findHost("home"),
    async stop() {
      await child.stop("SIGKILL");
      await directory.remove();
    },
  };
}
