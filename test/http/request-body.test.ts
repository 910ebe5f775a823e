import { once } from "node:events";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { HttpExchange } from "../../src/http/http-exchange.js";
import { takeBody } from "../../src/http/request-body.js";
import { createFakeClient } from "./fake-client.js";

function createExchange(body: Readable, changes: Partial<HttpExchange> = {}): HttpExchange {
  return { ...createFakeClient({}).exchange, httpVersion: "2.0", body, ...changes };
}

/** A body in the state that Node has it in when nobody has read it yet. */
function receive(...chunks: (string | null)[]): Readable {
  const body = new Readable({ read() {} });
  for (const chunk of chunks) {
    body.push(chunk === null ? null : Buffer.from(chunk));
  }
  return body;
}

describe("takeBody", () => {
  it.each([
    [["ab", "cd", null], "abcd"],
    [["ab", null], "ab"],
    [[null], ""],
  ])("takes %j", async (chunks, text) => {
    const body = receive(...chunks);
    expect(Buffer.from(takeBody(createExchange(body), 4) ?? "nothing").toString()).toBe(text);
    // Node frees a stream that has ended.
    await once(body, "end");
  });

  it("takes no more than it may", () => {
    expect(takeBody(createExchange(receive("abc", "de", null)), 4)).toBe("too_large");
  });

  it("leaves a body that has not come to its end", () => {
    const body = receive("ab");
    expect(takeBody(createExchange(body), 4)).toBeUndefined();
    expect(body.readableLength).toBe(2);
  });

  it("leaves one that its client has given up, and one over HTTP/1.1", () => {
    const ended = receive("ab", null);
    expect(takeBody(createExchange(ended, { isGone: () => true }), 4)).toBeUndefined();
    expect(takeBody(createExchange(ended, { httpVersion: "1.1" }), 4)).toBeUndefined();
  });
});
