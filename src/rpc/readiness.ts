import { EventEmitter, on } from "node:events";

export type ServingState = "starting" | "serving" | "draining";

/** Whether this process wants calls, as told to load balancers over HTTP and gRPC. */
export class Readiness {
  #state: ServingState = "starting";
  readonly #changes = new EventEmitter().setMaxListeners(0);

  get state(): ServingState {
    return this.#state;
  }

  set(state: ServingState): void {
    this.#state = state;
    this.#changes.emit("change");
  }

  /** Yields the state at once and after each change, until the signal is aborted. */
  async *watch(signal: AbortSignal): AsyncIterable<ServingState> {
    const changes = on(this.#changes, "change", { signal });
    yield this.#state;
    for await (const _ of changes) {
      yield this.#state;
    }
  }
}
