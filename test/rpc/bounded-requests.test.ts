import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { boundRequests } from "../../src/rpc/bounded-requests.js";

const never = new AbortController().signal;
const roomy = { maxRequests: 10, maxAgeMs: 60_000 };

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

/** Yields one, and then nothing more. */
async function* stall() {
  yield 1;
  await new Promise(() => {});
}

describe("boundRequests", () => {
  it("passes on what is within the bounds", async () => {
    const bounds = { ...roomy, maxRequests: 3 };
    expect(await collect(boundRequests(count(3), bounds, never))).toEqual({
      seen: [1, 2, 3],
      end: "done",
    });
  });

  it("ends with RESOURCE_EXHAUSTED at one request too many, and leaves its source", async () => {
    let hasLeft = false;
    const source = count(5, () => {
      hasLeft = true;
    });
    expect(await collect(boundRequests(source, { ...roomy, maxRequests: 2 }, never))).toMatchObject(
      {
        seen: [1, 2],
        end: { code: Code.ResourceExhausted },
      },
    );
    expect(hasLeft).toBe(true);
  });

  it("ends with RESOURCE_EXHAUSTED at its age, though nothing comes", async () => {
    expect(await collect(boundRequests(stall(), { ...roomy, maxAgeMs: 1 }, never))).toMatchObject({
      end: { code: Code.ResourceExhausted, rawMessage: "the stream is older than 0.001 s" },
    });
  });

  it.each(["before", "while"])("ends with the signal, aborted %s it waits", async (when) => {
    const controller = new AbortController();
    const reason = new Error("over");
    if (when === "before") {
      controller.abort(reason);
    } else {
      setImmediate(() => controller.abort(reason));
    }
    expect((await collect(boundRequests(stall(), roomy, controller.signal))).end).toBe(reason);
  });
});
