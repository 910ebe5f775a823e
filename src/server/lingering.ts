import type { Socket } from "node:net";
import { endNothing, type Guard } from "../http/guard.js";

/** How long clients may take to close their side: their bytes in flight would turn a close into a reset. */
const defaultLingerMs = 1_000;

/** Connections whose end we have begun. Each is cut when its client does not close its own side in time. */
export class Lingering {
  readonly #guard: Guard;
  readonly #ended = new WeakSet<Socket>();

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  /** Node would close the connection with its last response, even if the client has sent more after the request. */
  lingerAtEnd(socket: Socket, lingerMs = defaultLingerMs): void {
    socket.destroySoon = this.#guard.wrap(() => this.end(socket, lingerMs), endNothing);
  }

  end(socket: Socket, lingerMs = defaultLingerMs): void {
    this.noteEnd(socket, lingerMs);
    if (!socket.writableEnded) {
      socket.end();
    }
  }

  /** Whether our side has ended. */
  isEnding(socket: Socket): boolean {
    return this.#ended.has(socket);
  }

  /** To be called when our side of a connection has been closed by other means. */
  noteEnd(socket: Socket, lingerMs = defaultLingerMs): void {
    if (!this.#ended.has(socket) && !socket.destroyed) {
      this.#ended.add(socket);
      const cut = this.#guard.wrap(() => void socket.destroy(), endNothing);
      setTimeout(cut, lingerMs).unref();
    }
  }
}
