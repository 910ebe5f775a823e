/** The URLs whose servers are down, as this process knows it. */
export class DownUrls {
  #urls: ReadonlySet<string> = new Set();
  readonly #listeners: (() => void)[] = [];

  /** In the order in which they were reported. */
  get list(): readonly string[] {
    return [...this.#urls];
  }

  /** Whether a URL may be handed out. */
  readonly isUp = (url: string): boolean => !this.#urls.has(url);

  /** Replaces all of them, and calls every listener. */
  set(urls: readonly string[]): void {
    this.#urls = new Set(urls);
    for (const listener of this.#listeners) {
      listener();
    }
  }

  /** Calls back after each {@link set}, for as long as the process lives. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
