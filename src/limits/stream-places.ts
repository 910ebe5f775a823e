/** Gives a place back; only the first call counts. */
export type LeavePlace = () => void;

/** Bounds how many streams of a kind are open, for each connection and in this process. */
export class StreamPlaces {
  readonly #perConnection: number;
  readonly #readTotal: () => number;
  /** Forgotten with the connections themselves. */
  readonly #byConnection = new WeakMap<object, number>();
  #taken = 0;

  /**
   * @param perConnection the most for each connection
   * @param readTotal the most for all of them together; it may change at any time
   */
  constructor(perConnection: number, readTotal: () => number) {
    this.#perConnection = perConnection;
    this.#readTotal = readTotal;
  }

  /** How many places are taken. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes a place.
   * @param connection identifies the connection
   * @returns undefined when none is free
   */
  take(connection: object): LeavePlace | undefined {
    const count = this.#byConnection.get(connection) ?? 0;
    if (count >= this.#perConnection || this.#taken >= this.#readTotal()) {
      return undefined;
    }
    this.#byConnection.set(connection, count + 1);
    this.#taken += 1;
    let isTaken = true;
    return () => {
      if (isTaken) {
        isTaken = false;
        this.#taken -= 1;
        this.#byConnection.set(connection, (this.#byConnection.get(connection) ?? 1) - 1);
      }
    };
  }
}
