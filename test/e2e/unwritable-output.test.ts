import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startProcess } from "../parts/child-process.js";
import { findFreePort } from "../parts/free-port.js";

const program = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const runShell = (shell: string) =>
  spawnSync("bash", ["-c", `set -o pipefail; ${shell}`, "bash", process.execPath, program], {
    encoding: "utf8",
  });

describe("a command whose output cannot be written", () => {
  it("fails, and says so in one line", () => {
    const { status, stderr } = runShell(`"$@" token new --name x >/dev/full`);
    expect(status).toBe(1);
    expect(stderr).toBe("ice-service: cannot write to standard output (ENOSPC)\n");
  });

  it("keeps its exit code where only its complaints cannot", () => {
    expect(runShell(`"$@" serve --config /nowhere 2>/dev/full`).status).toBe(2);
    expect(runShell(`"$@" serve --config /nowhere 2> >(exec true)`).status).toBe(2);
  });
});

describe("serve --dev", () => {
  it.each([">/dev/full", "> >(exec true)"])("serves with its output to %s", async (output) => {
    const port = await findFreePort();
    const service = startProcess({
      name: "ice-service",
      command: "bash",
      args: ["-c", `exec "$@" ${output}`, "bash", process.execPath, program, "serve", "--dev"],
      cwd: "/",
      env: { ICE_PORT: String(port) },
    });
    try {
      await service.untilReady(() => service.stderr().includes('"msg":"ready"') || undefined);
      const { status } = await fetch(`http://127.0.0.1:${port}/readyz`);
      expect(status).toBe(200);
    } finally {
      expect(await service.stop()).toBe(0);
    }
  });
});
