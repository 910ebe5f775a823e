import { endNothing, type Guard } from "../http/guard.js";
import type { ExchangeListener, HttpExchange } from "../http/http-exchange.js";

/**
 * How many requests begin in one turn of the event loop. Few: the log gets no further meanwhile, and
 * what one turn puts into it must not be more than it writes in one.
 */
const maxPerTurn = 16;

/**
 * Spreads requests that arrive at once over turns of the event loop. One chunk of a connection can hold
 * a hundred of them, and one turn reads from every connection.
 */
export class Turns {
  readonly #guard: Guard;
  readonly #listener: ExchangeListener;
  /** A Set would give each exchange a hash, which costs a call a fifth of its time. */
  #waiting: HttpExchange[] = [];
  /** How many clients have left since those of them that wait were last removed. */
  #left = 0;
  #begun = 0;

  /** @param listener answers each exchange */
  constructor(guard: Guard, listener: ExchangeListener) {
    this.#guard = guard;
    this.#listener = listener;
  }

  /** Has an exchange answered: at once, or in a later turn, unless its client has left by then. */
  begin(exchange: HttpExchange): void {
    if (this.#begun === maxPerTurn) {
      if (!exchange.isGone()) {
        this.#waiting.push(exchange);
      }
      return;
    }
    this.#begun += 1;
    if (this.#begun === maxPerTurn) {
      this.#schedule();
    }
    this.#answer(exchange);
  }

  /** To be called when a client has left, or has its answer: what it asked for is not kept for long. */
  noteLeft(): void {
    if (this.#waiting.length === 0) {
      return;
    }
    this.#left += 1;
    if (this.#left > this.#waiting.length / 2) {
      this.#left = 0;
      this.#waiting = this.#waiting.filter((exchange) => !exchange.isGone());
    }
  }

  #answer(exchange: HttpExchange): void {
    exchange.guard(this.#listener)(exchange);
  }

  #answerWaiting(): void {
    const due = this.#waiting.splice(0, maxPerTurn);
    this.#begun = due.length;
    if (due.length === maxPerTurn) {
      this.#schedule();
    }
    for (const exchange of due) {
      if (!exchange.isGone()) {
        this.#answer(exchange);
      }
    }
  }

  #schedule(): void {
    setImmediate(this.#guard.wrap(() => this.#answerWaiting(), endNothing));
  }
}
