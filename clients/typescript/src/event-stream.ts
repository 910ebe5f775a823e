export interface ServerSentEvent {
  /** `message` unless the event names another. */
  readonly type: string;
  readonly data: string;
}

/** The longest event, in UTF-16 code units. A list has a few thousand. */
const maxEventLength = 1_000_000;

/**
 * Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), without
 * `id` and `retry`, which are for EventSource. Throws when an event does not end.
 *
 * @param onBytes called for everything that arrives, comments included
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  onBytes: () => void,
): AsyncGenerator<ServerSentEvent, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      onBytes();
      text += decoder.decode(value, { stream: true });
      const blocks = text.split(/\r?\n\r?\n/);
      text = blocks.pop() ?? "";
      if (text.length > maxEventLength) {
        throw new Error("an event of the stream is too long");
      }
      for (const block of blocks) {
        const event = parseEvent(block);
        if (event.data !== "") {
          yield event;
        }
      }
    }
  } finally {
    // Ends the request when the caller leaves early. The stream may have failed already.
    reader.cancel().catch(() => {});
  }
}

function parseEvent(block: string): ServerSentEvent {
  let type = "message";
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "event") {
      type = value;
    } else if (field === "data") {
      data.push(value);
    }
  }
  return { type, data: data.join("\n") };
}
