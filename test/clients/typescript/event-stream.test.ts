import { describe, expect, it } from "vitest";
import { readEvents } from "../../../clients/typescript/src/event-stream.js";

const encoder = new TextEncoder();

async function readAll(pieces: readonly Uint8Array[]) {
  let index = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces[index++];
      if (piece === undefined) {
        controller.close();
      } else {
        controller.enqueue(piece);
      }
    },
  });
  const events = [];
  for await (const event of readEvents(body, () => {})) {
    events.push(event);
  }
  return events;
}

const text =
  ': keep-alive\n\nretry: 2000\n\ndata: {"a":"é€"}\n\nevent: error\ndata: one\ndata: two\n\ndata: cut off';
const expected = [
  { type: "message", data: '{"a":"é€"}' },
  { type: "error", data: "one\ntwo" },
];

describe("readEvents", () => {
  it.each([
    ["in one piece", [encoder.encode(text)]],
    ["byte by byte", Array.from(encoder.encode(text), (byte) => Uint8Array.of(byte))],
    ["with CRLF", [encoder.encode(text.replaceAll("\n", "\r\n"))]],
  ])("reads events that arrive %s", async (_, pieces) => {
    expect(await readAll(pieces)).toEqual(expected);
  });

  it("throws when an event does not end", async () => {
    const pieces = Array.from({ length: 3 }, () => encoder.encode("x".repeat(400_000)));
    await expect(readAll(pieces)).rejects.toThrow("too long");
  });
});
