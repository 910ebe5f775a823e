import { readFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { hashConnectorToken } from "../../src/authentication/connector/connector-token.js";
import { childPids } from "../parts/child-process.js";
import { startLoad } from "../parts/fresh-connection-load.js";
import { startIceService } from "../parts/ice-service.js";
import { createTemporaryDirectory } from "../parts/temporary-directory.js";

const count = 10_000;
const hashes = Array.from({ length: count }, (_, index) => hashConnectorToken(`token-${index}`));
const print = (version: number) =>
  `tokens:\n${hashes.map((hash, index) => `  - name: client-${index}-${version}\n    hash: "${hash}"\n    expires: "2099-01-31T12:00:00Z"\n`).join("")}`;

/** The processor time that the main thread of a process has taken (Linux), in milliseconds. */
function mainThreadMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/task/${pid}/stat`, "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // In ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

it.each([[[]], [["--workers", "2"]]])(
  "a reload of 10,000 tokens under serve %s leaves the event loop to calls",
  { timeout: 120_000 },
  async (args) => {
    const directory = await createTemporaryDirectory("many-tokens");
    const file = await directory.write("tokens.yaml", print(0));
    const service = await startIceService({
      args,
      config: { auth: { connectorTokensFile: file }, shutdown: { delay: "0s", timeout: "1s" } },
    });
    const reloads = () => service.logs().filter(({ msg }) => msg === "configuration reloaded");
    const reload = async (version: number) => {
      const before = reloads().length;
      await rename(
        await directory.write("new", print(version)),
        join(directory.path, "tokens.yaml"),
      );
      await expect.poll(() => reloads().length, { timeout: 60_000 }).toBe(before + 1);
    };
    try {
      const pids = [service.pid, ...(args.length > 0 ? childPids(service.pid) : [])];
      // The first one also compiles code.
      await reload(1);
      const before = pids.map(mainThreadMs);
      await reload(2);
      for (const [index, pid] of pids.entries()) {
        // To parse the file takes three times as long; what is left, a tenth.
        expect(mainThreadMs(pid) - (before[index] ?? 0)).toBeLessThan(150);
      }
      const load = startLoad(
        `${service.url}/api/v1/ice-servers`,
        { authorization: "Bearer token-7" },
        2,
      );
      await reload(3);
      expect(Object.keys(await load.stop())).toEqual(["200"]);
    } finally {
      expect(await service.stop()).toBe(0);
      await directory.remove();
    }
  },
);
