import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { boundRequests } from "../../src/services/reflection-service.js";

async function collect(requests: AsyncIterable<number>): Promise<{ seen: number[]; end: unknown }> {
  const seen: number[] = [];
  try {
    for await (const request of requests) {
      seen.push(request);
    }
    return { seen, end: "done" };
  } catch (error) {
    return { seen, end: error };
  }
}

async function* count(to: number, left?: () => void) {
  try {
    for (let n = 1; n <= to; n++) {
      yield n;
    }
  } finally {
    left?.();
  }
}

describe("boundRequests", () => {
  it("passes on what is within the bounds", async () => {
    expect(await collect(boundRequests(count(3), 3))).toEqual({
      seen: [1, 2, 3],
      end: "done",
    });
  });

  it("ends with RESOURCE_EXHAUSTED at one request too many, and leaves its source", async () => {
    let hasLeft = false;
    const source = count(5, () => {
      hasLeft = true;
    });
    expect(await collect(boundRequests(source, 2))).toMatchObject({
      seen: [1, 2],
      end: { code: Code.ResourceExhausted },
    });
    expect(hasLeft).toBe(true);
  });
});
