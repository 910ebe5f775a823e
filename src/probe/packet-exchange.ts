import { randomBytes as randomBytesOfNode } from "node:crypto";
import { appendFingerprint } from "./fingerprint.js";
import { isTimeOut, type ProbeError } from "./probe-failure.js";
import { encodeSendIndication, readDataIndication } from "./relayed-data.js";
import { encodeMessage, stunClass, stunMethod, transactionIdBytes } from "./stun-message.js";
import type { TransactionContext } from "./transaction.js";
import type { Transport } from "./transport.js";

/** How far packets came: not through the relay, only from the outside in, or back out as well. */
export interface Crossing {
  readonly crossed: "none" | "inward" | "both-ways";
  /** What the system says of the outside socket. */
  readonly problem?: string;
}

/** When the packet is sent again, counted from the first time: UDP loses some. */
const resendAfterMs = [50, 150, 350, 750, 1_500, 3_000, 6_000, 12_000] as const;

/**
 * Sends from the outside to the relay, and answers through the relay to where that came from. The
 * packets look like those of ICE, a Binding request and its response: a filter that lets calls through
 * lets them through.
 *
 * @param outside a socket that sends to the relayed address
 * @param signal ends the exchange; a time-out is a result, any other reason is thrown
 * @throws ProbeError when the session's transport ends
 */
export function exchangePackets(
  { transport, randomBytes = randomBytesOfNode }: TransactionContext,
  outside: Transport,
  signal: AbortSignal,
): Promise<Crossing> {
  const transactionId = randomBytes(transactionIdBytes);
  const encode = (messageClass: 0 | 2) =>
    appendFingerprint(encodeMessage(stunMethod.binding, messageClass, transactionId, []));
  const inward = encode(stunClass.request);
  const outward = encode(stunClass.success);
  return new Promise((resolve, reject) => {
    let crossed: "none" | "inward" = "none";
    const timers = resendAfterMs.map((ms) => setTimeout(() => outside.send(inward), ms));
    const finish = (settle: () => void) => {
      timers.forEach(clearTimeout);
      signal.removeEventListener("abort", onAbort);
      transport.inbox.listen(undefined);
      outside.inbox.listen(undefined);
      settle();
    };
    const onAbort = () =>
      finish(() => (isTimeOut(signal.reason) ? resolve({ crossed }) : reject(signal.reason)));
    signal.addEventListener("abort", onAbort, { once: true });
    transport.inbox.listen({
      receive(bytes) {
        const received = readDataIndication(bytes);
        if (received !== undefined && inward.equals(received.data)) {
          crossed = "inward";
          const answer = { peer: received.peer, data: outward };
          transport.send(encodeSendIndication(answer, randomBytes(transactionIdBytes)));
        }
      },
      fail: (error) => finish(() => reject(error)),
    });
    outside.inbox.listen({
      receive(bytes) {
        if (outward.equals(bytes)) {
          finish(() => resolve({ crossed: "both-ways" }));
        }
      },
      fail: ({ failure }: ProbeError) =>
        finish(() => resolve({ crossed, problem: failure.detail })),
    });
    outside.send(inward);
    if (signal.aborted) {
      onAbort();
    }
  });
}
