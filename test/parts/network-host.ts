import { runProgram } from "./child-process.js";

/** Where in the network of relay-network.ts programs run. */
export interface NetworkHost {
  /** The command, and its arguments, that runs a program there: it goes before the program. */
  readonly enter: readonly string[];
  /** Runs a program there, and returns what it prints. */
  run(command: string, ...args: readonly string[]): Promise<string>;
  /** Whether something there accepts TCP connections: a probe for `untilReady`. */
  acceptsTcp(ip: string, port: number): Promise<true | undefined>;
}

/** @param pid of a process in its namespaces, one of users too where these tests do not run as root */
export function openNetworkHost(pid: string): NetworkHost {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? [] : ["--user", "--preserve-credentials"];
  // The working directory stays as it is.
  const enter = ["nsenter", "--target", pid, ...user, "--net", "--mount", "--wd=."] as const;
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
}
