import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock.js";
import { ConfigError } from "../../src/errors.js";
import { DiskFiles } from "../../src/files/disk-files.js";
import { ReloadCounts } from "../../src/observability/reload-counts.js";
import type { ConfigReading } from "../../src/process/config-reading.js";
import { type ReloadOptions, reloadOnChange } from "../../src/process/config-reload.js";
import { loadConfig } from "../../src/service-config.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";
import { createLogDouble, type LogDouble } from "./log-double.js";

const patience = { timeout: 15_000 };
const problem = { key: "ice.yaml", problem: "cannot be read", fix: "Wait" };
const transient = new ConfigError([{ ...problem, transientCode: "EMFILE" }]);
const permanent = new ConfigError([problem]);

let directory: TemporaryDirectory;
let file: string;
let log: LogDouble;
let counts: ReloadCounts;
let applied: string[];
let end: () => void;
/** What the next readings fail with, or wait for; the file is read then. */
let obstacles: (Error | Promise<unknown>)[];
let readings: number;
beforeEach(async () => {
  directory = await createTemporaryDirectory("config-reload");
  file = await directory.write("ice.yaml", print("first"));
  log = createLogDouble();
  counts = new ReloadCounts(systemClock);
  applied = [];
  obstacles = [];
  readings = 0;
});
afterEach(async () => {
  end();
  await directory.remove();
});

const print = (name: string) =>
  `ice: { stunUrls: ["stun:${name}"] }\nauth: { connectorTokensFile: x }`;
const load: ReloadOptions["load"] = (files) => loadConfig({ file, env: {}, files });

async function read(): Promise<ConfigReading> {
  readings += 1;
  const files = new DiskFiles();
  const obstacle = obstacles.shift();
  if (obstacle instanceof Error) {
    throw obstacle;
  }
  load(files);
  await obstacle;
  return { versions: files.versions, result: files };
}

function begin(): void {
  const files = new DiskFiles();
  load(files);
  end = reloadOnChange({
    versions: files.versions,
    read,
    load,
    apply({ config }) {
      applied.push(String(config.ice.stunUrls?.[0]?.host));
      return [];
    },
    atHangUp: true,
    counts,
    log: log.logger,
  });
}

function createGate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((open) => {
    resolve = open;
  });
  return { promise, resolve };
}

const hangUp = () => void process.emit("SIGHUP");
const countOf = (result: string) =>
  counts.describe()[0]?.values.find(({ labels }) => labels["result"] === result)?.value;

describe("reloadOnChange", () => {
  it("tries again until it succeeds, and tells the beginning and the end", async () => {
    begin();
    obstacles = [transient, transient];
    hangUp();
    await expect.poll(() => applied, patience).toEqual(["first"]);
    expect(log.lines("error")).toEqual([
      expect.objectContaining({ trigger: "SIGHUP", problems: transient.problems, retryInMs: 1000 }),
    ]);
    expect(log.lines("info")).toEqual([
      { msg: "configuration reloaded", trigger: "retry", tries: 3 },
    ]);
    expect([countOf("retry"), countOf("success"), countOf("failure")]).toEqual([2, 1, 0]);
  });

  it("does not try again what only a change of the files can mend", async () => {
    begin();
    obstacles = [permanent];
    hangUp();
    await expect.poll(() => log.lines("error"), patience).toHaveLength(1);
    await sleep(1_500);
    expect(readings).toBe(1);
    expect(countOf("failure")).toBe(1);
  });

  it("does not wait for the next try when a file changes", async () => {
    begin();
    obstacles = [transient, transient, transient];
    hangUp();
    // After the third failure it would wait for four seconds.
    await expect.poll(() => readings, patience).toBe(3);
    await directory.write("ice.yaml", print("second"));
    await expect.poll(() => applied, patience).toEqual(["second"]);
    expect(log.lines("info")).toEqual([{ msg: "configuration reloaded", trigger: "file" }]);
  });

  it("ends with the newest content when a file changes while one runs", async () => {
    begin();
    const { promise, resolve } = createGate();
    obstacles = [promise];
    hangUp();
    await expect.poll(() => readings, patience).toBe(1);
    await directory.write("ice.yaml", print("second"));
    await sleep(1_500);
    // One at a time.
    expect(readings).toBe(1);
    resolve();
    await expect.poll(() => applied, patience).toEqual(["first", "second"]);
  });

  it("runs once more when a file changes while one fails that has read nothing", async () => {
    begin();
    const gate = createGate();
    obstacles = [
      gate.promise.then(() => {
        throw permanent;
      }),
    ];
    hangUp();
    await directory.write("ice.yaml", print("second"));
    // Long enough for the watch to tell of it, which it does once.
    await sleep(4_000);
    expect([readings, applied]).toEqual([1, []]);
    gate.resolve();
    await expect.poll(() => applied, patience).toEqual(["second"]);
    expect(log.lines("error")).toHaveLength(1);
  });

  it("runs once more when SIGHUP comes, however often, while one runs", async () => {
    begin();
    const { promise, resolve } = createGate();
    obstacles = [promise];
    hangUp();
    hangUp();
    hangUp();
    resolve();
    await expect.poll(() => applied, patience).toEqual(["first", "first"]);
    await sleep(300);
    expect(readings).toBe(2);
  });

  it("changes nothing once it has ended", async () => {
    begin();
    const { promise, resolve } = createGate();
    obstacles = [promise];
    hangUp();
    await expect.poll(() => readings, patience).toBe(1);
    end();
    resolve();
    await sleep(100);
    expect([applied, log.lines("error")]).toEqual([[], []]);
  });
});
