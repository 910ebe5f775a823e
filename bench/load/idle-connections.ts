import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";

const openedTogether = 100;
/** Files that a process has open beside its connections. */
const otherFiles = 100;

/** Connections that have each been used once, and stay open for more. */
export interface IdleConnections {
  readonly count: number;
  /** Opens more, up to that many in all. */
  growTo(count: number): Promise<void>;
  close(): void;
}

/** How many connections the system lets one process have. */
export function maxConnections(): number {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const [, soft = "0"] = /^Max open files +(\S+)/m.exec(limits) ?? [];
  return (soft === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(soft)) - otherFiles;
}

/**
 * @param request sent once over each connection
 * @param answerBytes the length of the whole answer
 */
export function createIdleConnections(
  port: number,
  request: string,
  answerBytes: number,
): IdleConnections {
  const sockets: Socket[] = [];

  async function openOne(): Promise<void> {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    await once(socket, "connect");
    socket.write(request);
    await new Promise<void>((resolve, reject) => {
      let received = 0;
      socket.once("error", reject);
      socket.on("data", (chunk: Buffer) => {
        received += chunk.byteLength;
        if (received >= answerBytes) {
          resolve();
        }
      });
    });
  }

  return {
    get count() {
      return sockets.filter(({ readyState }) => readyState === "open").length;
    },
    async growTo(count) {
      while (sockets.length < count) {
        const more = Math.min(openedTogether, count - sockets.length);
        await Promise.all(Array.from({ length: more }, openOne));
      }
    },
    close() {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}
