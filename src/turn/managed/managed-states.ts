import type { ManagedEntries } from "./managed-credential.js";

/** What is known of one managed service, as plain data that processes can exchange. */
export interface ManagedState {
  /** Of the service. */
  readonly identity: string;
  /** Whether its first credential is being asked for: it may be worth a wait. */
  readonly isPending: boolean;
  /** Absent: it has given none that can still be used. */
  readonly credential?: DatedCredential;
}

export interface DatedCredential {
  readonly entries: ManagedEntries;
  /** When the first of them expires, Unix time in whole seconds. */
  readonly expiresAtSeconds: number;
  /** When it is handed out for the last time: a little earlier, so that a call can begin with it. */
  readonly usableUntilSeconds: number;
}

/** What this process knows of the managed services. One process asks them, and informs the others. */
export class ManagedStates {
  #byIdentity: ReadonlyMap<string, ManagedState> = new Map();
  readonly #listeners: (() => void)[] = [];
  #next: PromiseWithResolvers | undefined;
  #revision = 0;

  /** Another number after each {@link set}. */
  get revision(): number {
    return this.#revision;
  }

  get list(): readonly ManagedState[] {
    return [...this.#byIdentity.values()];
  }

  /** Undefined while nothing is known of it: its first credential is pending then, too. */
  find(identity: string): ManagedState | undefined {
    return this.#byIdentity.get(identity);
  }

  /** Settles when there are other states. */
  get next(): Promise<void> {
    this.#next ??= openPromise();
    return this.#next.promise;
  }

  /** Replaces all of them, and calls every listener. */
  set(states: readonly ManagedState[]): void {
    this.#revision += 1;
    this.#byIdentity = new Map(states.map((state) => [state.identity, state]));
    for (const listener of this.#listeners) {
      listener();
    }
    this.#next?.resolve();
    this.#next = undefined;
  }

  /** Calls back after each {@link set}, for as long as the process lives. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function openPromise(): PromiseWithResolvers {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
