import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogDestination } from "../../src/observability/log-destination.js";
import { runProgram } from "../parts/child-process.js";
import { createTemporaryDirectory, type TemporaryDirectory } from "../parts/temporary-directory.js";

let directory: TemporaryDirectory;
/** A pipe that this process reads, when it likes. */
let pipe: number;
beforeEach(async () => {
  directory = await createTemporaryDirectory("log");
  const path = join(directory.path, "pipe");
  await runProgram("mkfifo", [path]);
  pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
});
afterEach(async () => {
  closeSync(pipe);
  await directory.remove();
});

describe("LogDestination", () => {
  it("loses the newest lines when nobody reads, and says how many, where they are missing", async () => {
    const destination = new LogDestination({
      fd: pipe,
      setNonBlocking() {},
      maxWriteBytes: 4096,
      maxWaitingBytes: 100_000,
      describeGap: (lines, cause) => `lost ${lines} (${cause})\n`,
    });
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
    expect(received).toBe(
      `${kept}lost ${lost} (lines came faster than they could be written)\nafter\n`,
    );
    expect(destination.lostLines).toBe(lost);
  });
});
