import { once } from "node:events";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { z } from "zod";

const maxMessageBytes = 64 * 1024 * 1024;
const responseSchema = z.tuple([
  z.literal(1),
  z.number(),
  z.object({ error: z.string(), message: z.string() }).nullable(),
  z.unknown(),
]);

export interface Marionette {
  /** Runs a command of WebDriver, such as `WebDriver:Navigate`, and returns its result. */
  send(command: string, parameters?: object): Promise<unknown>;
  close(): void;
}

/**
 * Connects to Firefox over Marionette, the protocol that geckodriver speaks with it: JSON over TCP,
 * each message after its length in bytes and a colon.
 */
export async function connectMarionette(to: NetConnectOpts): Promise<Marionette> {
  const socket = connect(to);
  await once(socket, "connect");
  const waiting = new Map<number, PromiseWithResolvers>();
  let lastId = 0;
  readMessages(socket, (message) => {
    // The greeting is an object; everything else answers a command.
    if (Array.isArray(message)) {
      const [, id, error, result] = responseSchema.parse(message);
      const command = waiting.get(id);
      waiting.delete(id);
      if (error === null) {
        command?.resolve(result);
      } else {
        command?.reject(new Error(`${error.error}: ${error.message}`));
      }
    }
  });
  const failAll = (error?: Error) => {
    for (const command of waiting.values()) {
      command.reject(error ?? new Error("Firefox has closed the connection"));
    }
    waiting.clear();
  };
  socket.on("error", failAll);
  socket.on("close", () => failAll());
  return {
    send: (command, parameters = {}) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        const text = JSON.stringify([0, lastId, command, parameters]);
        socket.write(`${Buffer.byteLength(text)}:${text}`);
      }),
    close: () => socket.destroy(),
  };
}

interface PromiseWithResolvers {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

function readMessages(socket: Socket, onMessage: (message: unknown) => void): void {
  let buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const colon = buffer.indexOf(":");
      const length = Number(buffer.subarray(0, Math.max(colon, 0)).toString());
      if (length > maxMessageBytes) {
        socket.destroy(new Error(`a message of ${length} bytes is too long`));
        return;
      }
      if (colon === -1 || buffer.length < colon + 1 + length) {
        return;
      }
      const text = buffer.subarray(colon + 1, colon + 1 + length).toString();
      buffer = buffer.subarray(colon + 1 + length);
      onMessage(JSON.parse(text));
    }
  });
}
