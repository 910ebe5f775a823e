import { once } from "node:events";
import { Agent, request } from "node:http";
import type { Socket } from "node:net";

export interface HeldConnection {
  readonly socket: Socket;
  /** Requests once more on the same connection; returns the status. */
  request(): Promise<number | undefined>;
  close(): void;
}

/**
 * Opens a connection, has one request answered on it, and keeps it.
 * @returns undefined when the server closes it without an answer
 */
export async function holdConnection(url: string): Promise<HeldConnection | undefined> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  async function ask() {
    const sent = request(`${url}/healthz`, { agent });
    sent.end();
    const [response] = await once(sent, "response");
    response.resume();
    await once(response, "end");
    return { socket: sent.socket, status: response.statusCode };
  }
  try {
    const { socket } = await ask();
    if (socket === null) {
      return undefined;
    }
    return {
      socket,
      request: async () => (await ask()).status,
      close: () => agent.destroy(),
    };
  } catch {
    agent.destroy();
    return undefined;
  }
}

/** Opens so many at once; returns those that were answered. */
export async function holdConnections(url: string, count: number): Promise<HeldConnection[]> {
  const all = await Promise.all(Array.from({ length: count }, () => holdConnection(url)));
  return all.filter((each) => each !== undefined);
}
