import { type Authenticate, streamTokenKey } from "./authentication.js";
import type { Call } from "./call.js";
import type { Stage } from "./pipeline.js";

/**
 * Lets a call through only with one valid token, and puts its caller on record. Looks at headers and
 * query alone.
 * @param queryToken whether `?token=` is accepted on REST routes
 */
export function createAuthenticateStage(authenticate: Authenticate, queryToken: boolean): Stage {
  return (call) => {
    const { codec, head, record } = call;
    const rawQuery = queryToken && codec.protocol === "rest" ? head.query : "";
    const token = authenticate(head.headers.find("authorization"), rawQuery, record, call);
    if (token instanceof Promise) {
      return token.then((verified) => keepToken(call, verified));
    }
    keepToken(call, token);
    return undefined;
  };
}

/** A watch verifies its token again while it lasts. */
function keepToken({ reply, values }: Call, token: string): void {
  if (reply.isStream) {
    values.set(streamTokenKey, token);
  }
}
