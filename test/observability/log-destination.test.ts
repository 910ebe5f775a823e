import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogDestination } from "../../src/observability/log-destination.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

let directory: TemporaryDirectory;
let fd: number | undefined;
beforeEach(async () => {
  directory = await createTemporaryDirectory("log");
});
afterEach(async () => {
  if (fd !== undefined) {
    closeSync(fd);
  }
  await directory.remove();
});

function openDestination(descriptor: number, maxWriteBytes = 4096, maxWaitingBytes = 100_000) {
  fd = descriptor;
  return new LogDestination({
    fd: descriptor,
    setNonBlocking() {},
    maxWriteBytes,
    maxWaitingBytes,
    describeGap: (lines, cause) => `lost ${lines} (${cause})\n`,
  });
}

describe("LogDestination", () => {
  it("writes every line, whole, and in order", async () => {
    const file = join(directory.path, "log");
    const destination = openDestination(openSync(file, "a"), 8);
    const lines = ["aaa\n", "bbb\n", "ccc\n", "éé\n", `${"d".repeat(20)}\n`, "e\n"];
    for (const line of lines) {
      destination.write(line);
    }
    await expect.poll(() => readFileSync(file, "utf8")).toBe(lines.join(""));
    expect(destination.lostLines).toBe(0);
  });

  it.each([
    ["DEL and C1", "a\u007fb\u0085c\u009bd", "a\\u007fb\\u0085c\\u009bd"],
    ["format characters", "\u202e\u200b\ufeff", "\\u202e\\u200b\\ufeff"],
    ["tags", "\u{e0041}", "\\udb40\\udc41"],
    ["separators", "\u2028\u2029", "\\u2028\\u2029"],
    ["a lone surrogate", "\ud800", "\\ud800"],
    ["nothing else", "Zoë 名前 😀\t", "Zoë 名前 😀\t"],
  ])("escapes %s", async (_, text, expected) => {
    const file = join(directory.path, "log");
    openDestination(openSync(file, "a")).write(`${text}\n`);
    await expect.poll(() => readFileSync(file, "utf8")).toBe(`${expected}\n`);
  });

  it("counts what cannot be written at all", async () => {
    const destination = openDestination(openSync("/dev/full", "w"));
    for (let number = 0; number < 10; number += 1) {
      destination.write("a\n");
    }
    await expect.poll(() => destination.lostLines).toBe(10);
  });
});
