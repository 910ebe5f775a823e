import { readFileSync, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hashConnectorToken } from "../../src/authentication/connector/connector-token.js";
import { childPids } from "../parts/child-process.js";
import { fetchOnce, startLoad } from "../parts/fresh-connection-load.js";
import { startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";

const preload = new URL("../parts/call-counts.mjs", import.meta.url).pathname;

/** Entries of tokens with numbers from `first` on. */
const print = (count: number, first: number) =>
  `tokens:\n${Array.from({ length: count }, (_, index) => printEntry(first + index)).join("")}`;
const printEntry = (number: number) =>
  `  - name: client-${number}\n    hash: "${hashConnectorToken(`token-${number}`)}"\n    expires: "2099-01-31T12:00:00Z"\n`;

it.each([
  [10_000, []],
  [10_000, ["--workers", "2"]],
  [100_000, []],
  [100_000, ["--workers", "2"]],
])("a reload of %d tokens under serve %s leaves the event loop to calls", async (count, args) => {
  const directory = await createTemporaryDirectory("many-tokens");
  const file = await directory.write("tokens.yaml", print(count, 0));
  const countsFile = join(directory.path, "counts");
  const service = await startIceService({
    args,
    config: { auth: { connectorTokensFile: file }, shutdown: { delay: "0s", timeout: "1s" } },
    env: { NODE_OPTIONS: `--import=${preload}`, CALL_COUNTS: countsFile },
  });
  const pids = [service.pid, ...(args.length > 0 ? childPids(service.pid) : [])];
  const url = `${service.url}/api/v1/ice-servers`;
  const bearer = (number: number) => ({ authorization: `Bearer token-${number}` });
  const call = (number: number) => fetchOnce(url, bearer(number));
  const reloads = () => service.logs().filter(({ msg }) => msg === "configuration reloaded");
  /** Replaces the first entries: settles when every process serves by the others. */
  const reload = async (first: number) => {
    const before = reloads().length;
    await rename(
      await directory.write("new", print(count, first)),
      join(directory.path, "tokens.yaml"),
    );
    await expect.poll(() => reloads().length).toBe(before + 1);
    for (const _ of pids) {
      await expect.poll(() => call(first + count - 1)).toBe("200");
    }
  };
  /** How often the main thread of a process has called one function at most, since the last time. */
  const countCalls = async (pid: number): Promise<number> => {
    const path = `${countsFile}.${pid}`;
    rmSync(path, { force: true });
    process.kill(pid, "SIGUSR2");
    await expect.poll(() => readIfThere(path)).toBeDefined();
    const [most] = JSON.parse(readIfThere(path) ?? "");
    return most;
  };
  try {
    for (const pid of pids) {
      await countCalls(pid);
    }
    await reload(1);
    for (const pid of pids) {
      // Nothing is done once a token: with ten of them, the same function is called as often.
      expect(await countCalls(pid)).toBeLessThan(10_000);
    }
    const load = startLoad(url, bearer(777), 2);
    await reload(2);
    expect(Object.keys(await load.stop())).toEqual(["200"]);
    await expect.poll(() => call(1)).toBe("401");
    expect(await call(2)).toBe("200");
  } finally {
    expect(await service.stop()).toBe(0);
    await directory.remove();
  }
});

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
