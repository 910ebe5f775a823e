import { request } from "node:http";

/** An answer that has not come by then never comes: the caller hangs. */
const answerTimeoutMs = 60_000;
const maxAttempts = 5;

export interface Load {
  /** How many requests have been answered so far. */
  answered(): number;
  /** Ends the load; returns how often each status came, with failures by their message. */
  stop(): Promise<Record<string, number>>;
}

/**
 * Requests `url` all the time with so many callers at once, each request on a connection of its
 * own. One that breaks is tried again, as gRPC clients and browsers do; one that hangs is not.
 */
export function startLoad(url: string, headers: Record<string, string>, callers: number): Load {
  const outcomes: Record<string, number> = {};
  let answered = 0;
  let stopped = false;
  async function call(): Promise<void> {
    while (!stopped) {
      const outcome = await fetchOnce(url, headers).catch((error: Error) => {
        // One failure is enough. Going on would keep the machine busy after the server is gone.
        stopped = true;
        return error.message;
      });
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      answered += 1;
    }
  }
  const calls = Promise.all(Array.from({ length: callers }, call));
  return {
    answered: () => answered,
    async stop() {
      stopped = true;
      await calls;
      return outcomes;
    },
  };
}

/**
 * One request on a connection of its own, tried again when that breaks.
 * @returns the status
 * @throws Error when no answer comes in time, or every connection breaks
 */
export async function fetchOnce(url: string, headers: Record<string, string>): Promise<string> {
  let cause: unknown;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    try {
      return await fetchOnNewConnection(url, headers);
    } catch (error) {
      if (error instanceof HangError) {
        throw error;
      }
      cause = error;
    }
  }
  throw new Error(`broke ${maxAttempts} times: ${cause}`);
}

class HangError extends Error {}

function fetchOnNewConnection(url: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, agent: false }, (response) => {
      response.resume();
      response.once("error", reject);
      response.once("end", () => resolve(String(response.statusCode)));
    });
    sent.once("error", reject);
    sent.setTimeout(answerTimeoutMs, () => sent.destroy(new HangError("no answer")));
    sent.end();
  });
}
