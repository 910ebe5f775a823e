import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { BatchedDestination } from "../../src/observability/batched-destination.js";

function open(maxBytes: number) {
  const pieces: string[] = [];
  const write = (piece: string) => void pieces.push(piece);
  return { destination: new BatchedDestination({ write, flushSync() {} }, maxBytes), pieces };
}

describe("BatchedDestination", () => {
  it("writes together what comes together", async () => {
    const { destination, pieces } = open(100);
    destination.write("a\n");
    destination.write("b\n");
    expect(pieces).toEqual([]);
    await expect.poll(() => pieces).toEqual(["a\nb\n"]);
  });

  it("never cuts a line, and keeps to the bound in bytes", async () => {
    const { destination, pieces } = open(8);
    for (const line of ["aaa\n", "bbb\n", "ccc\n", "ééé\n", `${"d".repeat(20)}\n`, "e\n"]) {
      destination.write(line);
    }
    const expected = ["aaa\nbbb\n", "ccc\n", "ééé\n", `${"d".repeat(20)}\n`, "e\n"];
    await expect.poll(() => pieces).toEqual(expected);
  });

  it("writes nothing while there is nothing", async () => {
    const { destination, pieces } = open(100);
    destination.write("a\n");
    await sleep(50);
    expect(pieces).toEqual(["a\n"]);
  });
});
