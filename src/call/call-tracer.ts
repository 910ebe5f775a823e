import type { HttpExchange } from "../http/http-exchange.js";
import type { CallRecord } from "./call-record.js";

/** Takes every request as it ends, for the traces. */
export interface CallTracer {
  /**
   * Records a call as a span, where it is one and is to be sampled.
   *
   * @param status what was sent, if anything
   * @returns the trace's id, in lower-case hex, where a span was recorded
   */
  recordCall(
    exchange: HttpExchange,
    record: CallRecord,
    status: number | undefined,
  ): string | undefined;
  /**
   * Sends what has been recorded; nothing is recorded afterwards.
   * @param timeoutMs when to give up; resolves no later than shortly after it
   */
  close(timeoutMs: number): Promise<void>;
}
