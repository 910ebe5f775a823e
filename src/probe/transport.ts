import type { ProbeError } from "./probe-failure.js";

/** A way to one server address: a 5-tuple of its own. */
export interface Transport {
  /** Whether it repeats what was lost by itself, so that nobody else must. */
  readonly reliable: boolean;
  readonly inbox: Inbox;
  send(message: Uint8Array): void;
  close(): void;
}

/** Who is told what arrives: the transaction under way. */
export interface TransportListener {
  /** One whole message, or what came in its place. */
  receive(bytes: Buffer): void;
  /** The transport has ended. */
  fail(error: ProbeError): void;
}

/** Hands what arrives to one listener after another; remembers that the transport has ended. */
export class Inbox implements TransportListener {
  /** The IDs of the transactions that are over: an answer to one of them may still come. */
  readonly endedTransactions = new Set<string>();
  #listener: TransportListener | undefined;
  #error: ProbeError | undefined;

  listen(listener: TransportListener | undefined): void {
    this.#listener = listener;
    if (this.#error !== undefined) {
      listener?.fail(this.#error);
    }
  }

  receive(bytes: Buffer): void {
    this.#listener?.receive(bytes);
  }

  fail(error: ProbeError): void {
    this.#error ??= error;
    this.#listener?.fail(this.#error);
  }
}
