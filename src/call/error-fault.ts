import { Code, ConnectError } from "@connectrpc/connect";
import { findErrorCode } from "../errors.js";
import type { CallRecord } from "./call-record.js";

/**
 * The request message cannot be read. That is the client's error, even where the protocol gives it
 * a code that otherwise means ours, such as INTERNAL for malformed protobuf over gRPC.
 */
export class UnreadableMessageError extends ConnectError {
  /** Not the one that is inherited, to which every ConnectError is an instance of each subclass. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isMadeBy(UnreadableMessageError, value);
  }

  /** Keeps the code and the message. */
  static mark(error: ConnectError): UnreadableMessageError {
    const { rawMessage, code, metadata, details } = error;
    const unreadable = new UnreadableMessageError(rawMessage, code, metadata);
    unreadable.details = details;
    return unreadable;
  }
}

/** The server ends a stream that its client opens anew on another connection. Expected, so nobody's fault. */
export class StreamEndedError extends ConnectError {
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isMadeBy(StreamEndedError, value);
  }

  /** @param reason for the client, as a sentence */
  constructor(reason: string) {
    super(reason, Code.Unavailable);
  }
}

function isMadeBy({ prototype }: { readonly prototype: object }, value: unknown): boolean {
  return value instanceof Object && Object.getPrototypeOf(value) === prototype;
}

/** Puts on record who caused an error, where its code alone would blame the wrong side. */
export function recordFault(error: ConnectError, record: CallRecord): void {
  if (error instanceof UnreadableMessageError) {
    record.fault = "client";
    // Not the message: it repeats what the client sent. Without a cause, a message was too large.
    if (error.code !== Code.ResourceExhausted) {
      record.cause ??= "malformed_message";
    }
  } else if (error instanceof StreamEndedError) {
    record.fault = "none";
  }
}

/**
 * Passes request messages on, and marks the errors of their decoder.
 * @throws UnreadableMessageError when a message cannot be read; ConnectError Canceled when the
 *   request ends early
 */
export async function* markUnreadable<T>(messages: AsyncIterable<T>): AsyncIterable<T> {
  try {
    yield* messages;
  } catch (error) {
    if (error instanceof ConnectError) {
      throw UnreadableMessageError.mark(error);
    }
    // Node's streams have codes for a request that is cut off; a mistake of ours has none.
    throw findErrorCode(error) === undefined
      ? error
      : new ConnectError("the request was cut off", Code.Canceled);
  }
}
