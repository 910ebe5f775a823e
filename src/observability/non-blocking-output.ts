/**
 * Finds a way to put a pipe or socket behind standard output or error into non-blocking mode.
 *
 * Node does so itself when it makes the stream. But the mode belongs to all processes that have
 * inherited the pipe, and Node takes it back when one of them ends and when another one is started,
 * such as a worker. So the mode must be set again before each write, which costs a system call.
 *
 * @returns what sets the mode; does nothing for files and terminals
 */
export function findNonBlockingMode(output: NodeJS.WriteStream): () => void {
  // Not documented, but in every version of Node, and the only way without native code.
  const handle: unknown = output.isTTY ? undefined : Reflect.get(output, "_handle");
  if (!hasSetBlocking(handle)) {
    return () => {};
  }
  return () => void handle.setBlocking(false);
}

function hasSetBlocking(handle: unknown): handle is { setBlocking(blocking: boolean): number } {
  return (
    typeof handle === "object" &&
    handle !== null &&
    typeof Reflect.get(handle, "setBlocking") === "function"
  );
}
