import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
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

/** A pipe that this process reads, when it likes. */
function openPipe(): number {
  const path = join(directory.path, "pipe");
  execFileSync("mkfifo", [path]);
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

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

  it("loses the newest lines when nobody reads, and says how many, where they are missing", async () => {
    const pipe = openPipe();
    const destination = openDestination(pipe);
    const line = (number: number) => `${String(number).padStart(99, "0")}\n`;
    // 64 KiB fit into the pipe.
    const sent = 3000;
    for (let number = 0; number < sent; number += 1) {
      destination.write(line(number));
    }
    expect(destination.lostLines).toBeGreaterThan(0);
    const lost = destination.lostLines;
    let received = "";
    const buffer = Buffer.alloc(4096);
    const read = () => {
      try {
        received += buffer.toString("latin1", 0, readSync(pipe, buffer));
      } catch {
        // Nothing there at the moment.
      }
      return received;
    };
    await expect.poll(read, { interval: 1 }).toContain("lost");
    destination.write("after\n");
    await expect.poll(read).toContain("after");
    const kept = Array.from({ length: sent - lost }, (_, number) => line(number)).join("");
    expect(received).toBe(`${kept}lost ${lost} (the reader is too slow)\nafter\n`);
    expect(destination.lostLines).toBe(lost);
  });

  it("counts what cannot be written at all", async () => {
    const destination = openDestination(openSync("/dev/full", "w"));
    for (let number = 0; number < 10; number += 1) {
      destination.write("a\n");
    }
    await expect.poll(() => destination.lostLines).toBe(10);
  });
});
