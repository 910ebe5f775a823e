import { describe, expect, it } from "vitest";
import { Readiness } from "../src/readiness.js";

describe("Readiness.watch", () => {
  it("yields the state at once, and the newest after changes", async () => {
    const readiness = new Readiness();
    const states = readiness.watch(new AbortController().signal)[Symbol.asyncIterator]();
    expect(await states.next()).toEqual({ value: "starting", done: false });
    readiness.set("serving");
    readiness.set("draining");
    expect(await states.next()).toEqual({ value: "draining", done: false });
  });

  it.each([true, false])("throws the signal's reason (aborted before: %s)", async (isEarly) => {
    const readiness = new Readiness();
    const controller = new AbortController();
    const reason = new Error("over");
    if (isEarly) {
      controller.abort(reason);
    }
    const states = readiness.watch(controller.signal)[Symbol.asyncIterator]();
    const next = isEarly ? states.next() : states.next().then(() => states.next());
    setImmediate(() => controller.abort(reason));
    await expect(next).rejects.toBe(reason);
  });
});
