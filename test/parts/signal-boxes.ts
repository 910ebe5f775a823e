import type { IncomingMessage, ServerResponse } from "node:http";

/** How long a request for signals waits for the next one. */
const waitMs = 10_000;

/**
 * Answers the requests with which pages exchange signals. `POST /signals/PAGE` puts JSON into the box of
 * a page. `GET /signals/PAGE?from=N` returns its messages from the N-th on, as soon as there are any.
 * Nothing is lost while a page does not listen.
 */
export function createSignalBoxes() {
  const boxes = new Map<string, string[]>();
  const waiting = new Set<() => void>();

  function take(name: string): string[] {
    const box = boxes.get(name) ?? [];
    boxes.set(name, box);
    return box;
  }

  /** @returns whether the request is for a box */
  return async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const [, name] = /^\/signals\/(\w+)$/.exec(pathname) ?? [];
    if (name === undefined) {
      return false;
    }
    const box = take(name);
    if (request.method === "POST") {
      box.push((await request.toArray()).join(""));
      for (const wake of waiting) {
        wake();
      }
      response.end();
      return true;
    }
    const from = Number(searchParams.get("from"));
    const deadlineMs = performance.now() + waitMs;
    while (box.length <= from && performance.now() < deadlineMs) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, deadlineMs - performance.now());
        waiting.add(wake);
      });
    }
    response.setHeader("Content-Type", "application/json").end(`[${box.slice(from).join()}]`);
    return true;
  };
}
