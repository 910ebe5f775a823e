import type { ContextValues } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { RequestCounts } from "../observability/request-counts.js";
import type { RequestLog } from "../observability/request-log.js";
import { CallRecord } from "../rpc/call-record.js";
import { CallValues } from "../rpc/call-values.js";
import type { Readiness } from "../rpc/readiness.js";
import { problemContentType } from "../rpc/rest/problem-details.js";
import type { HttpAnswer, HttpHeaders } from "../rpc/unary/http-message.js";
import { logExchange } from "./access-log.js";
import type { CallTracer } from "./call-tracer.js";
import { addCommonHeaders } from "./common-headers.js";
import type { HttpExchange } from "./http-exchange.js";
import { type HttpProblem, internalError, printProblem } from "./http-problem.js";

/** Where it is put on record that an exchange has ended. */
export interface ReplyRecords {
  readonly requestLog: RequestLog;
  readonly requestCounts: RequestCounts;
  readonly tracer?: CallTracer | undefined;
}

/** The one answer to an exchange, with its line in the log. */
export class Reply {
  readonly exchange: HttpExchange;
  readonly record = new CallRecord();
  /** What this answer carries, whatever it is: CORS. */
  readonly corsHeaders: HttpHeaders = {};
  readonly #records: ReplyRecords;
  readonly #readiness: Readiness;
  #isStream = false;

  constructor(exchange: HttpExchange, records: ReplyRecords, readiness: Readiness) {
    this.exchange = exchange;
    this.#records = records;
    this.#readiness = readiness;
    if (records.tracer !== undefined) {
      this.record.steps = [];
    }
  }

  /** To be called once, before a stream begins. */
  beginStream(): void {
    this.#isStream = true;
    this.#records.requestCounts.openStream();
  }

  /** What an RPC takes along: the record of its call. */
  createContextValues(): ContextValues {
    return new CallValues(this.record);
  }

  /** Sends a whole answer, whose headers it takes over. To a client that is gone, nothing. */
  send(answer: HttpAnswer): void {
    if (this.exchange.isGone()) {
      this.abandon();
      return;
    }
    const { status, headers, body, trailers } = answer;
    this.addHeaders(headers);
    this.closeWhenDraining();
    if (trailers === undefined && status !== 204) {
      // For HEAD, what the same request by GET would get.
      headers["content-length"] = String(Buffer.byteLength(body));
    }
    this.exchange.send(answer);
    this.logEnd(status);
  }

  /** Answers with problem details. */
  refuse(problem: HttpProblem): void {
    this.record.code = codeToString(problem.code);
    const headers: HttpHeaders = { "content-type": problemContentType };
    if (problem.allowedMethods !== undefined) {
      headers["allow"] = problem.allowedMethods.join(", ");
    }
    this.send({ status: problem.status, headers, body: printProblem(problem) });
  }

  /** Adds what every answer carries, errors included. */
  addHeaders(headers: HttpHeaders): void {
    addCommonHeaders(headers, this.record.protocol);
    Object.assign(headers, this.corsHeaders);
  }

  /** To be called as the answer goes out: a connection that is kept would hold up the end. */
  closeWhenDraining(): void {
    if (this.#readiness.state === "draining") {
      this.exchange.closeAfterwards();
    }
  }

  /** Answers where a mistake of ours leaves nothing else to say. Never throws. */
  fail(error: unknown): void {
    this.record.cause ??= error;
    try {
      this.refuse(internalError);
    } catch {
      this.abandon();
    }
  }

  /** Gives up on a client that went away, or on an answer that cannot be finished. */
  abandon(): void {
    this.record.code ??= "canceled";
    this.exchange.destroy();
    this.logEnd(undefined);
  }

  /**
   * To be called once, at the end.
   * @param status what was sent, if anything
   */
  logEnd(status: number | undefined): void {
    const { method, arrivedAtMs } = this.exchange;
    const { clientAddress: remoteAddress } = this.record;
    const { requestLog, requestCounts, tracer } = this.#records;
    const durationMs = performance.now() - arrivedAtMs;
    if (this.#isStream) {
      requestCounts.closeStream();
    }
    requestCounts.end(this.record, status, this.#isStream ? undefined : durationMs);
    const traceId = tracer?.recordCall(this.exchange, this.record, status);
    if (traceId !== undefined) {
      this.record.traceId = traceId;
    }
    logExchange(requestLog, { method, status, durationMs, remoteAddress }, this.record);
  }
}
