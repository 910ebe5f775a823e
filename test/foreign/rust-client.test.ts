import { homedir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { startCalledService, token } from "./called-service.js";
import { describeListProgram, parseLists, printedList, readCommand } from "./list-program.js";

const root = join(import.meta.dirname, "../..");
const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
/** Outside of the repository, so that a fresh clone does not compile the dependencies again. */
const target = join(cache, "ice-service", "rust-client");
/** The first build takes minutes on a busy machine. */
const buildTimeoutMs = 900_000;

/** Runs a command at the root of the repository, and returns what it prints. */
async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await runProgram(command, args, {
    cwd: root,
    env: { ...process.env, CARGO_TARGET_DIR: target, ...env },
    timeout: buildTimeoutMs,
  });
  return stdout;
}

const cargo = (name: string, ...args: readonly string[]) =>
  run("nice", ["cargo", name, "--manifest-path", "clients/rust/Cargo.toml", ...args]);

beforeAll(async () => {
  await cargo("build", "--locked", "--quiet", "--example", "print-list");
}, buildTimeoutMs);

describe("clients/rust", () => {
  it(
    "prints a list with the command of the README",
    async () => {
      const service = await startCalledService();
      const command = await readCommand("clients/rust/README.md", "Print a list");
      const stdout = await run("bash", ["-c", command], { ICE_URL: service.url, TOKEN: token });
      await service.stop();
      expect(parseLists(stdout)).toEqual([printedList]);
    },
    buildTimeoutMs,
  );

  it(
    "passes its own tests, and compiles the example of its documentation",
    async () => {
      await cargo("test", "--locked", "--quiet");
    },
    buildTimeoutMs,
  );

  it(
    "is formatted, and has nothing that clippy finds",
    async () => {
      await cargo("fmt", "--check");
      await cargo("clippy", "--locked", "--quiet", "--all-targets", "--", "-D", "warnings");
    },
    buildTimeoutMs,
  );
});

describeListProgram("the example of clients/rust", {
  command: join(target, "debug/examples/print-list"),
  args: [],
});
