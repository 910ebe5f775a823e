import { DownUrls } from "../health/down-urls.js";
import { type ManagedState, ManagedStates } from "../turn/managed/managed-states.js";

/** What one process finds out for all that serve. */
export class Findings {
  /** What the probes have found. */
  readonly downUrls = new DownUrls();
  /** What managed TURN providers have given. */
  readonly managedStates = new ManagedStates();

  /** All of it, to be sent to another process. */
  get data(): FindingsData {
    return { downUrls: this.downUrls.list, managed: this.managedStates.list };
  }

  /** Replaces all of it, and calls the listeners of what has changed. */
  set({ downUrls, managed }: FindingsData): void {
    if (managed.length > 0 || this.managedStates.list.length > 0) {
      this.managedStates.set(managed);
    }
    this.downUrls.set(downUrls);
  }

  /** Calls back after each change, for as long as the process lives. */
  onChange(listener: () => void): void {
    this.downUrls.onChange(listener);
    this.managedStates.onChange(listener);
  }
}

export interface FindingsData {
  readonly downUrls: readonly string[];
  readonly managed: readonly ManagedState[];
}
