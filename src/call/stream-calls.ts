import type { ConnectError } from "@connectrpc/connect";
import type { Call } from "./call.js";
import type { Codec } from "./codec.js";

/** The streams that are open, so that the end of the process can end them. */
export class StreamCalls {
  readonly #open = new Set<Call>();
  #endReason: ConnectError | undefined;

  /** Takes a call in until it ends. */
  begin<C extends Codec>(call: Call<C>): Call<C> {
    call.reply.beginStream();
    this.#open.add(call);
    call.onEnd = () => this.#open.delete(call);
    if (this.#endReason !== undefined) {
      call.abort(this.#endReason);
    }
    return call;
  }

  /** Ends all of them, and those that begin later. */
  endAll(reason: ConnectError): void {
    this.#endReason = reason;
    for (const call of this.#open) {
      call.abort(reason);
    }
  }
}
