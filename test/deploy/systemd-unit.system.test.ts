import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

const root = resolve(import.meta.dirname, "../..");
const unitFile = resolve(root, "deploy/ice-service.service");
const unit = readFileSync(unitFile, "utf8");

let directory: TemporaryDirectory;
beforeAll(async () => {
  directory = await createTemporaryDirectory("unit");
});
afterAll(() => directory.remove());

describe("deploy/ice-service.service", () => {
  it("runs the program in a sandbox", async () => {
    // Of 100, which means no sandbox. systemd-analyze fails above it.
    const args = ["security", "--offline=true", "--threshold=11", "--no-pager", unitFile];
    const { stdout } = await runProgram("systemd-analyze", args);
    expect(stdout).toContain("Overall exposure level for ice-service.service: 1.1");
  });

  it("names nothing that systemd does not know", async () => {
    // Where the program stands is for the machine that it is installed on.
    const here = unit.replace("/usr/bin/node", process.execPath);
    const file = await directory.write("ice-service.service", here, 0o644);
    const { stdout, stderr } = await runProgram("systemd-analyze", ["verify", file]);
    expect(`${stdout}${stderr}`).toBe("");
  });

  it("is restarted after every failure, however many there were before", () => {
    const [head = "", service = ""] = unit.split(/^\[Service\]$/m);
    // Zero switches the limit off; it is read from [Unit] only.
    expect(head).toMatch(/^StartLimitIntervalSec=0$/m);
    expect(service).toMatch(/^Restart=on-failure$/m);
    // Without a pause, a process that cannot start would take a whole processor.
    expect(Number(/^RestartSec=(\d+)s$/m.exec(service)?.[1])).toBeGreaterThanOrEqual(1);
    expect(unit).not.toMatch(/^(StartLimitBurst|RestartPreventExitStatus|SuccessExitStatus)=/m);
  });

  it("grants more descriptors than there are connections, and time enough to stop", () => {
    const setting = (name: string) =>
      Number.parseInt(new RegExp(`^${name}=(\\d+)`, "m").exec(unit)?.[1] ?? "", 10);
    expect(setting("LimitNOFILE")).toBeGreaterThan(2 * 20_000 - 1);
    expect(setting("TimeoutStopSec")).toBeGreaterThan(1 + 10);
  });
});
