import { randomBytes as randomBytesOfNode } from "node:crypto";
import { findUnknownAttributes } from "./attributes.js";
import { appendFingerprint, hasGoodFingerprint } from "./fingerprint.js";
import { appendIntegrity, checkIntegrity } from "./integrity.js";
import { isTimeOut, type ProbeError, probeError, timeOutError } from "./probe-failure.js";
import { isDataIndication } from "./relayed-data.js";
import { notStunError } from "./stream-frames.js";
import {
  decodeMessage,
  encodeMessage,
  looksLikeStun,
  MalformedMessageError,
  readTransactionId,
  type StunAttribute,
  type StunMessage,
  stunClass,
  transactionIdBytes,
} from "./stun-message.js";
import type { Transport } from "./transport.js";
import { encodePeerAddress, type TransportAddress } from "./transport-address.js";

/** RFC 8489 section 6.2.1: the initial wait, how often is sent, how many waits the last one lasts. */
const retransmission = { rtoMs: 500, rc: 7, rm: 16 } as const;
/** RFC 8489 section 6.2.2: the same time without retransmission. */
const reliableTimeOutMs = 39_500;

export interface StunRequest {
  readonly method: number;
  readonly attributes: readonly StunAttribute[];
  /** Goes along as XOR-PEER-ADDRESS, whose form depends on the transaction ID. */
  readonly peer?: TransportAddress;
  /** Signs the request with MESSAGE-INTEGRITY; a success has then to be signed with it too. */
  readonly key?: Buffer;
}

export interface TransactionContext {
  readonly transport: Transport;
  /** Ends the transaction with its reason. */
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that never jumps. */
  readonly now?: (() => number) | undefined;
  readonly randomBytes?: ((size: number) => Buffer) | undefined;
}

export interface Exchange {
  /** A success or an error, with the transaction id of the request, and as its signature asks. */
  readonly response: StunMessage;
  /** From the first sending. */
  readonly roundTripMs: number;
}

/**
 * Sends a request until it is answered (RFC 8489 section 6.2). What is no fitting answer is passed
 * over, as the RFC wants, so that a stranger cannot end the transaction; but it is what is told,
 * in place of the time-out, when nothing better comes. On a reliable transport, where there are no
 * strangers, it is told at once.
 *
 * @throws ProbeError when there is no answer that can be taken
 */
export function runTransaction(
  {
    transport,
    signal,
    now = () => performance.now(),
    randomBytes = randomBytesOfNode,
  }: TransactionContext,
  request: StunRequest,
): Promise<Exchange> {
  const transactionId = randomBytes(transactionIdBytes);
  const bytes = encodeRequest(request, transactionId);
  const { inbox } = transport;
  return new Promise((resolve, reject) => {
    let stopSending: (() => void) | undefined;
    let heard: ProbeError | undefined;
    let settled = false;
    const finish = (settle: () => void) => {
      settled = true;
      stopSending?.();
      inbox.listen(undefined);
      inbox.endedTransactions.add(transactionId.toString("hex"));
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const fail = (error: unknown) => finish(() => reject(error));
    const giveUp = () => fail(heard ?? silenceError(transport));
    const onAbort = () => (isTimeOut(signal.reason) ? giveUp() : fail(signal.reason));
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });

    const sentAt = now();
    inbox.listen({
      fail,
      receive(received) {
        const isLate = inbox.endedTransactions.has(readTransactionId(received).toString("hex"));
        if (isLate || isDataIndication(received)) {
          // A request that was sent twice is answered twice; a relay's traffic goes on beside.
          return;
        }
        const verdict = judgeResponse(received, request, transactionId);
        if ("response" in verdict) {
          finish(() => resolve({ response: verdict.response, roundTripMs: now() - sentAt }));
        } else if (transport.reliable) {
          fail(verdict.error);
        } else {
          heard ??= verdict.error;
        }
      },
    });

    // Else the transport had ended before.
    if (!settled) {
      stopSending = keepSending(transport, bytes, giveUp);
    }
  });
}

/** Sends a request whose answer nobody waits for. */
export function sendOnce(
  { transport, randomBytes = randomBytesOfNode }: TransactionContext,
  request: StunRequest,
): void {
  transport.send(encodeRequest(request, randomBytes(transactionIdBytes)));
}

/**
 * Sends now, and over UDP again in ever longer intervals.
 * @returns what ends that
 */
function keepSending(transport: Transport, bytes: Buffer, giveUp: () => void): () => void {
  const { rtoMs, rc, rm } = retransmission;
  let timer: NodeJS.Timeout;
  const send = (waitMs: number, left: number) => {
    transport.send(bytes);
    timer =
      left === 1
        ? setTimeout(giveUp, rm * rtoMs)
        : setTimeout(() => send(2 * waitMs, left - 1), waitMs);
  };
  if (transport.reliable) {
    transport.send(bytes);
    timer = setTimeout(giveUp, reliableTimeOutMs);
  } else {
    send(rtoMs, rc);
  }
  return () => clearTimeout(timer);
}

function encodeRequest(
  { method, attributes, peer, key }: StunRequest,
  transactionId: Buffer,
): Buffer {
  const message = encodeMessage(method, stunClass.request, transactionId, [
    ...(peer === undefined ? [] : [encodePeerAddress(peer, transactionId)]),
    ...attributes,
  ]);
  return appendFingerprint(key === undefined ? message : appendIntegrity(message, key));
}

/** Whether this is the answer to the request; why it cannot be, otherwise. */
function judgeResponse(
  bytes: Buffer,
  { method, key }: StunRequest,
  transactionId: Buffer,
): { readonly response: StunMessage } | { readonly error: ProbeError } {
  if (!looksLikeStun(bytes)) {
    return { error: notStunError(bytes) };
  }
  let response: StunMessage;
  try {
    response = decodeMessage(bytes);
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) {
      throw error;
    }
    return { error: malformed(error.message) };
  }
  const { success, error: errorClass } = stunClass;
  const isResponse = response.class === success || response.class === errorClass;
  if (!isResponse || response.method !== method || !response.transactionId.equals(transactionId)) {
    return { error: malformed("it answers no request of ours") };
  }
  if (!hasGoodFingerprint(response)) {
    return { error: malformed("its FINGERPRINT is wrong") };
  }
  const [unknown] = findUnknownAttributes(response);
  if (unknown !== undefined) {
    return { error: malformed(`it has the unknown attribute 0x${unknown.toString(16)}`) };
  }
  if (key !== undefined) {
    // Servers send errors unsigned; all that a forged one could do is make the probe fail.
    const integrity = checkIntegrity(response, key);
    if (integrity === "wrong" || (integrity === "absent" && response.class === success)) {
      return { error: probeError("unverified", `the answer's MESSAGE-INTEGRITY is ${integrity}`) };
    }
  }
  return { response };
}

function malformed(problem: string): ProbeError {
  return probeError("malformed", `an answer cannot be used: ${problem}`);
}

function silenceError({ reliable }: Transport): ProbeError {
  return reliable
    ? probeError("time-out", "the server accepted the connection, but did not answer in time")
    : timeOutError();
}
