/**
 * The headers of a request, read from Node's own array. They are copied only when somebody changes or
 * iterates them, which is rare. All values of a repeated name are kept, so that
 * authentication sees a second Authorization header.
 */
export class RequestHeaders implements Headers {
  readonly #raw: readonly string[];
  #copy: Headers | undefined;

  /** @param raw names and values in turn, as Node has them; HTTP/2 pseudo-headers are passed over */
  constructor(raw: readonly string[]) {
    this.#raw = raw;
  }

  /**
   * The value of a header, several joined with a comma; null when there is none.
   * @param name in lower case: {@link get} takes any case, and is slower by that
   */
  find(name: string): string | null {
    if (this.#copy !== undefined) {
      return this.#copy.get(name);
    }
    const raw = this.#raw;
    const first = name.charCodeAt(0) | 0x20;
    let found: string | null = null;
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const key = raw[i] ?? "";
      if (
        key.length === name.length &&
        (key.charCodeAt(0) | 0x20) === first &&
        (key === name || key.toLowerCase() === name)
      ) {
        found = found === null ? (raw[i + 1] ?? "") : `${found}, ${raw[i + 1]}`;
      }
    }
    return found;
  }

  get(name: string): string | null {
    return this.find(name.toLowerCase());
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  /** Whether they announce a body in HTTP/1.1 (RFC 9112 section 6). */
  announceBody(): boolean {
    return (
      this.find("transfer-encoding") !== null || Number(this.find("content-length") ?? 0) !== 0
    );
  }

  /** The host that the client asked for, with its port if any; undefined where it names none. */
  findAuthority(): string | undefined {
    const raw = this.#raw;
    let host: string | undefined;
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const key = raw[i]?.toLowerCase();
      if (key === ":authority") {
        return raw[i + 1];
      }
      if (key === "host") {
        host ??= raw[i + 1];
      }
    }
    return host;
  }

  /** The size of all names and values together. */
  countBytes(): number {
    let count = 0;
    for (const text of this.#raw) {
      count += text.length;
    }
    return count;
  }

  append(name: string, value: string): void {
    this.#copied().append(name, value);
  }

  set(name: string, value: string): void {
    this.#copied().set(name, value);
  }

  delete(name: string): void {
    this.#copied().delete(name);
  }

  getSetCookie(): string[] {
    return this.#copied().getSetCookie();
  }

  forEach(visit: (value: string, name: string, headers: Headers) => void): void {
    this.#copied().forEach((value, name) => {
      visit(value, name, this);
    });
  }

  keys(): ReturnType<Headers["keys"]> {
    return this.#copied().keys();
  }

  values(): ReturnType<Headers["values"]> {
    return this.#copied().values();
  }

  entries(): ReturnType<Headers["entries"]> {
    return this.#copied().entries();
  }

  [Symbol.iterator](): ReturnType<Headers["entries"]> {
    return this.entries();
  }

  #copied(): Headers {
    if (this.#copy === undefined) {
      this.#copy = new Headers();
      for (let i = 0; i + 1 < this.#raw.length; i += 2) {
        const name = this.#raw[i] ?? "";
        if (!name.startsWith(":")) {
          this.#copy.append(name, this.#raw[i + 1] ?? "");
        }
      }
    }
    return this.#copy;
  }
}
