import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { CallRecord } from "../../src/call/call-record.js";
import {
  recordFault,
  StreamEndedError,
  UnreadableMessageError,
} from "../../src/call/error-fault.js";
import type { Fault } from "../../src/observability/fault.js";

describe("recordFault", () => {
  it.each<[string, ConnectError, Fault | undefined, string | undefined]>([
    [
      "an unreadable message",
      new UnreadableMessageError("no protobuf", Code.Internal),
      "client",
      "malformed_message",
    ],
    [
      "a message that is too large",
      new UnreadableMessageError("too large", Code.ResourceExhausted),
      "client",
      undefined,
    ],
    ["the server's stop", new StreamEndedError("bye"), "none", undefined],
    [
      "an error of ours, to its code",
      new ConnectError("internal error", Code.Internal),
      undefined,
      undefined,
    ],
    [
      "a client that left, to its code",
      new ConnectError("gone", Code.Canceled),
      undefined,
      undefined,
    ],
  ])("leaves the fault of %s", (_, error, fault, cause) => {
    const record = new CallRecord();
    recordFault(error, record);
    expect(record).toMatchObject({ fault, cause });
    expect(error).toBeInstanceOf(ConnectError);
  });
});
