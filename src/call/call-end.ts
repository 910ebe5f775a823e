import { Code, ConnectError } from "@connectrpc/connect";
import { CallRejectedError } from "../errors.js";

/** Why calls end without the answer that they were made for. */
export function clientGone(): ConnectError {
  return new ConnectError("the client went away", Code.Canceled);
}

/** Made once: a reason made for each call would cost a stack trace each. */
export const callEnded = new ConnectError("the call has ended", Code.Canceled);

export function deadlinePassed(): ConnectError {
  return new ConnectError("the deadline has passed", Code.DeadlineExceeded);
}

/** The client does not read its stream, so everything sent to it would stay in memory forever. */
export class StalledClientError extends CallRejectedError {
  override readonly name = "StalledClientError";
  override readonly reason = "client_stalled";

  constructor() {
    super("the client does not read its stream");
  }
}
