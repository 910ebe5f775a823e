import type { ChildProcess } from "node:child_process";
import { z } from "zod";

const closableSchema = z.custom<{ close(): void }>(
  (value) => value instanceof Object && "close" in value && typeof value.close === "function",
);
const replySchema = z.object({ accepted: z.boolean() });

/**
 * Closes the connection that node:cluster was handing to a worker as that died. Node keeps its end
 * open for ever, since only the worker's reply would close it: the client would wait for an answer
 * that nobody gives. Closed, it tries again, and another worker serves it.
 *
 * node:cluster has one connection at a time on its way to a worker. Its messages are not documented;
 * should they change, nothing is closed here, and a test fails.
 */
export function closeHandedConnectionAtExit(child: ChildProcess): void {
  let handed: { close(): void } | undefined;
  child.send = new Proxy(child.send, {
    apply(send, self, args: unknown[]) {
      const { data: handle } = closableSchema.safeParse(args[1]);
      handed = handle ?? handed;
      return Reflect.apply(send, self, args);
    },
  });
  // Before cluster's own listener, which hands over the next connection.
  child.prependListener("internalMessage", (message: unknown) => {
    if (replySchema.safeParse(message).success) {
      handed = undefined;
    }
  });
  child.once("exit", () => handed?.close());
}
