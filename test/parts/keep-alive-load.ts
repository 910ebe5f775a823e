import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** How often each outcome has occurred. */
export interface KeepAliveOutcomes {
  /** Requests that were answered with 200. */
  readonly answered: number;
  /** The answers among these that announced the end of their connection. */
  readonly lastOnes: number;
  /** What went wrong: other statuses, resets, connections that ended without an answer. */
  readonly lost: readonly string[];
}

export interface KeepAliveLoad {
  answered(): number;
  /** Settles when every client has been refused a new connection, or was told to leave. */
  readonly ended: Promise<KeepAliveOutcomes>;
  leave(): void;
}

/**
 * HTTP/1.1 clients that do as RFC 9112 section 9.6 asks: each keeps its connection until an answer
 * says `Connection: close`, then opens another, until it is refused.
 * @param head the request, without a body
 * @param maxPauseMs between an answer and the next request, at random
 */
export function startKeepAliveLoad(
  port: number,
  head: string,
  clients: number,
  maxPauseMs: number,
): KeepAliveLoad {
  let answered = 0;
  let lastOnes = 0;
  let left = false;
  const lost: string[] = [];
  const sockets = new Set<Socket>();

  /** Uses one connection to its end. */
  async function useConnection(socket: Socket): Promise<void> {
    let error: Error | undefined;
    socket.on("error", (cause) => {
      error = cause;
    });
    while (!left) {
      await sleep(Math.random() * maxPauseMs);
      if (socket.destroyed || socket.readableEnded) {
        // Closed while it was idle: no request was on its way.
        return;
      }
      socket.write(head);
      const answer = await readAnswer(socket);
      if (left) {
        return;
      }
      if (answer === undefined || !answer.startsWith("HTTP/1.1 200 ")) {
        lost.push(error?.message ?? answer ?? "the connection ended without an answer");
        return;
      }
      answered += 1;
      if (/\r\nconnection: close\r\n/i.test(answer)) {
        lastOnes += 1;
        return;
      }
    }
  }

  async function run(): Promise<void> {
    while (!left) {
      const socket = connect(port, "127.0.0.1");
      sockets.add(socket);
      try {
        await once(socket, "connect");
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ECONNREFUSED")) {
          lost.push(String(error));
        }
        return;
      }
      await useConnection(socket);
      socket.destroy();
      sockets.delete(socket);
    }
  }

  const runs = Promise.all(Array.from({ length: clients }, run));
  return {
    answered: () => answered,
    ended: runs.then(() => ({ answered, lastOnes, lost })),
    leave() {
      left = true;
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

/** Reads one answer with a Content-Length; undefined when the connection ends before. */
function readAnswer(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let received = "";
    const end = (answer: string | undefined) => {
      socket.off("data", onData).off("close", onClose).off("end", onClose);
      resolve(answer);
    };
    const onData = (chunk: Buffer) => {
      received += chunk.toString("latin1");
      const headEnd = received.indexOf("\r\n\r\n");
      const length = /\r\ncontent-length: (\d+)\r\n/i.exec(received)?.[1];
      if (headEnd > 0 && received.length >= headEnd + 4 + Number(length)) {
        end(received);
      }
    };
    const onClose = () => end(undefined);
    socket.on("data", onData).on("close", onClose).on("end", onClose);
  });
}
