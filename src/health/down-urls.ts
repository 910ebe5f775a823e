/** The keys of the URLs whose servers are down, as this process knows it. */
export class DownUrls {
  #keys: ReadonlySet<string> = new Set();
  readonly #listeners: (() => void)[] = [];

  /** In the order in which they were reported. */
  get list(): readonly string[] {
    return [...this.#keys];
  }

  /** Whether the URL of a key may be handed out. */
  readonly isUp = (key: string): boolean => !this.#keys.has(key);

  /** Replaces all of them, and calls every listener. */
  set(keys: readonly string[]): void {
    this.#keys = new Set(keys);
    for (const listener of this.#listeners) {
      listener();
    }
  }

  /** Calls back after each {@link set}, for as long as the process lives. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
