import type { CancellableWait } from "../authentication/cancellable-wait.js";
import { PermitQueue, type PermitTiming } from "./permit-queue.js";
import type { Quota } from "./quota.js";
import { QuotaExceededError } from "./quota-exceeded-error.js";

/** How many calls of one client address may wait for a permit. */
export const maxWaitingPerAddress = 1_000;
/** How many calls of all client addresses together may. */
const maxWaiting = 5_000;
/** When a caller may try again who got no permit, though not all are spent. */
export const retryAfterSeconds = 2;

/** The right to have one unknown token verified. Ends with one call of {@link release} or {@link spend}. */
export class Permit implements CancellableWait {
  readonly #queue: PermitQueue;
  readonly #wait: CancellableWait;

  constructor(queue: PermitQueue, wait: CancellableWait) {
    this.#queue = queue;
    this.#wait = wait;
  }

  get signal(): AbortSignal {
    return this.#wait.signal;
  }

  get clientAddress(): string | undefined {
    return this.#wait.clientAddress;
  }

  beginFetch(): void {
    this.#queue.beginFetch();
  }

  endFetch(): void {
    this.#queue.endFetch();
  }

  /** Gives it back: the token was good, or nobody knows whether it is. */
  release(): void {
    this.#queue.release();
  }

  /** Uses it up: the token was rejected. */
  spend(): void {
    this.#queue.spend();
  }
}

/**
 * Bounds how many unknown tokens of one client address are verified: those that were rejected in the
 * present window and those under verification are together never more than the quota. A burst of
 * tokens therefore cannot be verified before the first rejections count.
 *
 * Permits are those of this process. What they are spent on is counted where the quota counts.
 */
export class VerificationPermits {
  readonly quota: Quota;
  readonly #timing: PermitTiming;
  readonly #queues = new Map<string, PermitQueue>();
  #waiting = 0;

  constructor(quota: Quota, timing: PermitTiming) {
    this.quota = quota;
    this.#timing = timing;
  }

  /**
   * Takes a permit, at once where one is free.
   *
   * @param partition of the client's address
   * @param wait its signal gives up the place in the queue
   * @throws QuotaExceededError when all are spent or too many calls wait, and as a rejection when
   *   those who hold them took too long; TokenRejectedError `cancelled` as a rejection
   */
  take(partition: string, wait: CancellableWait): Permit | Promise<Permit> {
    const { quota } = this;
    if (quota.countLeft(partition) === 0) {
      throw this.#refuse(partition);
    }
    const queue = this.#openQueue(partition);
    if (queue.tryTake()) {
      return new Permit(queue, wait);
    }
    if (queue.waiting >= maxWaitingPerAddress || this.#waiting >= maxWaiting) {
      throw this.#refuse(partition);
    }
    this.#waiting += 1;
    return queue
      .wait(wait)
      .finally(() => {
        this.#waiting -= 1;
      })
      .then(() => new Permit(queue, wait));
  }

  #openQueue(partition: string): PermitQueue {
    const known = this.#queues.get(partition);
    if (known !== undefined) {
      return known;
    }
    const source = {
      countLeft: () => this.quota.countLeft(partition),
      spend: () => this.quota.take(partition),
      refuse: () => this.#refuse(partition),
      onIdle: () => this.#queues.delete(partition),
    };
    const queue = new PermitQueue(source, this.#timing);
    this.#queues.set(partition, queue);
    return queue;
  }

  #refuse(partition: string): QuotaExceededError {
    const { quota } = this;
    const { isExceeded, resetsInSeconds } = quota.peek(partition);
    return isExceeded
      ? new QuotaExceededError(quota.policy.name, resetsInSeconds)
      : new QuotaExceededError("pendingAuthentication", retryAfterSeconds);
  }
}
