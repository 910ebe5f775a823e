import type { Socket } from "node:net";

/** Behind an answer that has no end, such as a watch, no request is ever answered. */
const maxBehindStream = 8;

const queues = new WeakMap<Socket, RequestQueue>();

/**
 * Counts the requests of one HTTP/1.1 connection. A client may send requests ahead of the answers
 * (RFC 9112 section 9.3.2), and each one that waits costs memory for as long as it waits.
 */
export class RequestQueue {
  readonly #streams = new Set<number>();
  #arrived = 0;

  static of(socket: Socket): RequestQueue {
    let queue = queues.get(socket);
    if (queue === undefined) {
      queue = new RequestQueue();
      queues.set(socket, queue);
    }
    return queue;
  }

  /** Whether more requests wait behind a stream than may. */
  get isOverfull(): boolean {
    const [oldest] = this.#streams;
    return oldest !== undefined && this.#arrived - oldest > maxBehindStream;
  }

  /** @returns the number of a request that has just arrived */
  add(): number {
    this.#arrived += 1;
    return this.#arrived;
  }

  /** The answer to this request is a stream. */
  beginStream(request: number): void {
    this.#streams.add(request);
  }

  endStream(request: number): void {
    this.#streams.delete(request);
  }
}
