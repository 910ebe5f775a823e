import { channel } from "node:diagnostics_channel";
import { z } from "zod";
import { endNothing, type Guard } from "../http/guard.js";
import type { ConnectionRefusals } from "../server/connection-refusals.js";
import type { OpenFiles } from "../server/open-files.js";

type OnConnection = (this: unknown, status: number, connection: unknown) => void;

const listeningSchema = z.object({
  server: z.custom<{ _handle: object; once(event: "listening", listener: () => void): void }>(
    (value) => value instanceof Object && "_handle" in value && value._handle instanceof Object,
  ),
});
/**
 * Has the primary process refuse connections before it runs out of descriptors, because connections that
 * wait for a worker are open in it. node:cluster accepts them itself, on a listening handle that it does
 * not expose. This function therefore watches the servers that start to listen in this process from now
 * on.
 */
export function guardAcceptedConnections(
  openFiles: OpenFiles,
  refusals: ConnectionRefusals,
  guard: Guard,
): void {
  const onListening = (message: unknown) => {
    const { data } = listeningSchema.safeParse(message);
    if (data === undefined) {
      return;
    }
    const { server } = data;
    const handle = server._handle;
    // cluster sets its own function there when the server listens.
    server.once("listening", () => process.nextTick(guardHandle, handle));
  };
  const guardHandle = guard.wrap((handle: object) => {
    const deal: unknown = Reflect.get(handle, "onconnection");
    if (typeof deal !== "function") {
      return;
    }
    const onConnection: OnConnection = function (status, connection) {
      const descriptor = readDescriptor(connection);
      if (status !== 0) {
        refusals.add("main", "accept_failed");
      } else if (!openFiles.hasRoomFor(descriptor, "main") && isClosable(connection)) {
        refusals.add("main", "open_files");
        connection.close();
        return;
      }
      Reflect.apply(deal, this, [status, connection]);
    };
    Reflect.set(handle, "onconnection", guard.wrap(onConnection, endNothing));
  }, endNothing);
  channel("tracing:net.server.listen:asyncEnd").subscribe(guard.wrap(onListening, endNothing));
}

function readDescriptor(connection: unknown): number | undefined {
  const descriptor = connection instanceof Object ? Reflect.get(connection, "fd") : undefined;
  return typeof descriptor === "number" ? descriptor : undefined;
}

function isClosable(connection: unknown): connection is { close(): void } {
  return connection instanceof Object && "close" in connection;
}
