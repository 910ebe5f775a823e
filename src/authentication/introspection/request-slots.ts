import type { StartTimer } from "../../clock.js";
import { VerificationUnavailableError } from "../token-rejected-error.js";
import type { IntrospectionReason } from "./introspection-reasons.js";

const maxRequests = 16;
const maxWaiting = 1_000;
const maxWaitMs = 2_000;

/** Runs at most 16 requests at a time. Up to 1,000 more wait in order, for up to 2 seconds. */
export class RequestSlots {
  readonly #startTimer: StartTimer;
  readonly #waiters = new Set<() => void>();
  #free = maxRequests;

  constructor(startTimer: StartTimer) {
    this.#startTimer = startTimer;
  }

  /** @throws VerificationUnavailableError `introspection_busy` (as a rejection) when it is not run */
  async run<T>(request: () => Promise<T>): Promise<T> {
    await this.#take();
    try {
      return await request();
    } finally {
      const [next] = this.#waiters;
      if (next === undefined) {
        this.#free += 1;
      } else {
        next();
      }
    }
  }

  async #take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const busy: IntrospectionReason = "introspection_busy";
    if (this.#waiters.size >= maxWaiting) {
      throw new VerificationUnavailableError(busy);
    }
    await new Promise<void>((resolve, reject) => {
      const takeSlot = () => {
        this.#waiters.delete(takeSlot);
        resolve();
      };
      this.#waiters.add(takeSlot);
      this.#startTimer(() => {
        if (this.#waiters.delete(takeSlot)) {
          reject(new VerificationUnavailableError(busy));
        }
      }, maxWaitMs);
    });
  }
}
