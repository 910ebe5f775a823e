/** There are as many watches as there may be. The message is meant for the caller. */
export class WatchLimitError extends Error {
  override readonly name = "WatchLimitError";
}
