import type { ProbeFailure } from "../probe/probe-failure.js";
import type { ProbeOutcome } from "./probe-outcome.js";

/** `unknown` counts as up, until it has failed often enough. */
export type UrlState = "unknown" | "up" | "down";

export interface Thresholds {
  /** So many failures one after the other take a URL out; at least 1. */
  readonly failures: number;
  /** So many successes one after the other bring it back; at least 1. */
  readonly successes: number;
}

/** What is known of one URL. */
export class UrlHealth {
  #state: UrlState = "unknown";
  #sinceMs: number;
  /** Successes while it is down, failures otherwise. */
  #contrary = 0;
  #relayProven = false;
  #last: (ProbeOutcome & { readonly atMs: number }) | undefined;

  /** @param nowMs Unix milliseconds, as everywhere here */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  get state(): UrlState {
    return this.#state;
  }

  /** Since when it has had its state. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  get last(): (ProbeOutcome & { readonly atMs: number }) | undefined {
    return this.#last;
  }

  /** Whether packets from outside have ever crossed its relay. */
  get relayProven(): boolean {
    return this.#relayProven;
  }

  get failure(): ProbeFailure | undefined {
    return this.#last?.failure;
  }

  /** @returns whether the state is another now */
  record(outcome: ProbeOutcome, { failures, successes }: Thresholds, nowMs: number): boolean {
    this.#last = { ...outcome, atMs: nowMs };
    this.#relayProven ||= outcome.relayProven ?? false;
    const confirms = outcome.works === (this.#state !== "down");
    this.#contrary = confirms ? 0 : this.#contrary + 1;
    if (confirms && this.#state === "unknown") {
      return this.#become("up", nowMs);
    }
    return this.#contrary >= (this.#state === "down" ? successes : failures)
      ? this.#become(this.#state === "down" ? "up" : "down", nowMs)
      : false;
  }

  #become(state: UrlState, nowMs: number): true {
    this.#state = state;
    this.#sinceMs = nowMs;
    this.#contrary = 0;
    return true;
  }
}
