import { NewestValue } from "./watch/newest-value.js";

export type ServingState = "starting" | "serving" | "draining";

/** Whether this process wants calls, as told to load balancers over HTTP and gRPC. */
export class Readiness {
  #state: ServingState = "starting";
  readonly #watches = new Set<NewestValue<ServingState>>();

  get state(): ServingState {
    return this.#state;
  }

  set(state: ServingState): void {
    this.#state = state;
    for (const watch of this.#watches) {
      watch.put(state);
    }
  }

  /** Yields the state at once and after each change, and throws the signal's reason. */
  watch(signal: AbortSignal): AsyncIterable<ServingState> {
    const end = () => watch.fail(signal.reason);
    const watch = new NewestValue<ServingState>(
      (state) => state,
      () => {
        this.#watches.delete(watch);
        signal.removeEventListener("abort", end);
      },
    );
    this.#watches.add(watch);
    watch.put(this.#state);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) {
      end();
    }
    return watch;
  }
}
