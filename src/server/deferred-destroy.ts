import type { ServerHttp2Session } from "node:http2";
import { endNothing, type Guard } from "../http/guard.js";

/**
 * Makes a session end only after Node has read all frames that it has at hand.
 *
 * Node itself destroys a session while it reads: at a GOAWAY that carries an error, and when its last
 * stream ends after a GOAWAY. It then goes on with the frames behind: a request among them gets a
 * stream without a JavaScript side, and DATA on that stream aborts the process
 * (`onread->IsFunction()`, Node 22). All code that destroys a session, Node's included, calls this
 * method.
 */
export function deferDestroy(session: ServerHttp2Session, guard: Guard): void {
  const destroy = session.destroy.bind(session);
  session.destroy = (error, code) => {
    setImmediate(guard.wrap(() => destroy(error, code), endNothing));
  };
}
