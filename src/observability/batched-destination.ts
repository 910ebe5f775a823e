import type { DestinationStream } from "pino";

/** The part of pino's own destination that is needed here. */
interface Destination extends DestinationStream {
  flushSync(): void;
}

/** How long a line may wait for others to be written with, in milliseconds. */
const maxWaitMs = 10;

/**
 * Hands on lines by the dozen: under load, a write for each request would cost more than the
 * request. The destination behind it takes care of pipes that are full and of writes cut short.
 */
export class BatchedDestination implements DestinationStream {
  readonly #destination: Destination;
  readonly #maxBytes: number;
  #lines = "";
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param maxBytes of what is handed on at once; only a single line may be longer */
  constructor(destination: Destination, maxBytes: number) {
    this.#destination = destination;
    this.#maxBytes = maxBytes;
    // Whatever ends the process, its last lines tell why.
    process.once("exit", () => {
      this.#handOn();
      destination.flushSync();
    });
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > this.#maxBytes) {
      this.#handOn();
    }
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#handOn();
      }, maxWaitMs);
    }
    this.#lines += line;
    this.#bytes += bytes;
  }

  #handOn(): void {
    if (this.#bytes > 0) {
      this.#destination.write(this.#lines);
      this.#lines = "";
      this.#bytes = 0;
    }
  }
}
