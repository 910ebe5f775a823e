import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { addCommonHeaders } from "../http/common-headers.js";
import type { FaultAnswerer, HttpExchange } from "../http/http-exchange.js";
import type { HttpAnswer, HttpHeaders } from "../http/http-message.js";
import { type HttpProblem, internalError, printProblem } from "../http/http-problem.js";
import { readMediaType } from "../http/media-type.js";
import { chooseProblemType } from "../http/problem-type.js";
import { readRequestId, requestIdHeader } from "../http/request-id.js";
import type { RequestCounts } from "../observability/request-counts.js";
import type { Readiness } from "../readiness.js";
import { type AccessLog, logExchange } from "./access-log.js";
import { CallRecord } from "./call-record.js";
import type { CallTracer } from "./call-tracer.js";

/** Where it is put on record that an exchange has ended. */
export interface ReplyRecords extends AccessLog {
  readonly requestCounts: RequestCounts;
  readonly tracer?: CallTracer | undefined;
}

/** The one answer to an exchange, with its line in the log. */
export class Reply implements FaultAnswerer {
  readonly exchange: HttpExchange;
  readonly record = new CallRecord();
  /** Headers of this answer, also if it is an error: CORS, and what is left of the caller's quota. */
  readonly answerHeaders: HttpHeaders = {};
  readonly #requestId: string;
  readonly #records: ReplyRecords;
  readonly #readiness: Readiness;
  #isStream = false;
  #hasEnded = false;

  constructor(exchange: HttpExchange, records: ReplyRecords, readiness: Readiness) {
    this.exchange = exchange;
    exchange.answerer = this;
    this.#requestId = readRequestId(exchange.headers);
    this.record.requestId = this.#requestId;
    this.#records = records;
    this.#readiness = readiness;
    if (records.tracer !== undefined) {
      this.record.steps = [];
    }
  }

  /** Whether this is the answer to a streaming call. */
  get isStream(): boolean {
    return this.#isStream;
  }

  /** To be called once, before a stream begins. */
  beginStream(): void {
    this.#isStream = true;
    this.#records.requestCounts.openStream();
  }

  /** Sends a whole answer, and keeps its headers object. Sends nothing to a client that is gone. */
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

  /** Sends the head of an answer whose body follows piece by piece. Its status is 200. */
  begin(headers: HttpHeaders, hasTrailers: boolean): void {
    this.addHeaders(headers);
    this.closeWhenDraining();
    this.exchange.start(200, headers, hasTrailers);
  }

  /** Ends an answer that has begun. */
  finish(trailers: HttpHeaders | undefined): void {
    this.closeWhenDraining();
    this.exchange.finish(trailers);
    this.logEnd(200);
  }

  /** Answers with problem details. */
  refuse(problem: HttpProblem): void {
    this.record.code = problem.code;
    const headers: HttpHeaders = { "content-type": chooseProblemType(this.exchange.headers) };
    if (problem.allowedMethods !== undefined) {
      headers["allow"] = problem.allowedMethods.join(", ");
    }
    this.send({ status: problem.status, headers, body: printProblem(problem) });
  }

  /** Adds what every answer carries, errors included. */
  addHeaders(headers: HttpHeaders): void {
    addCommonHeaders(headers, this.record.protocol);
    headers[requestIdHeader] = this.#requestId;
    Object.assign(headers, this.answerHeaders);
  }

  /** To be called as the answer goes out: a connection that is kept would hold up the end. */
  closeWhenDraining(): void {
    if (this.#readiness.state === "draining") {
      this.exchange.closeAfterwards();
    }
  }

  /** Refuses a gRPC or gRPC-Web call: with status 200, and the code in trailers that are sent alone. */
  refuseGrpc(contentType: string, code: Code, message: string): void {
    this.record.code = codeToString(code);
    this.send({
      status: 200,
      headers: {
        "content-type": contentType,
        "grpc-status": String(code),
        "grpc-message": message,
      },
      body: "",
    });
  }

  fail(error: unknown): boolean {
    if (this.#hasEnded) {
      this.exchange.destroy(true);
      return false;
    }
    this.record.cause ??= error;
    this.record.fault = "server";
    try {
      this.#refuseAsInternal();
    } catch {
      this.exchange.destroy(true);
      this.logEnd(undefined);
    }
    return this.record.cause === error;
  }

  #refuseAsInternal(): void {
    const contentType = readMediaType(this.exchange.headers);
    if (contentType.startsWith("application/grpc")) {
      this.refuseGrpc(contentType, Code.Internal, internalError.message);
    } else {
      this.refuse(internalError);
    }
  }

  /** Gives up on a client that went away, or that does not take its answer. */
  abandon(): void {
    this.record.code ??= "canceled";
    this.exchange.destroy();
    this.logEnd(undefined);
  }

  /**
   * To be called at the end; only the first end counts.
   * @param status what was sent, if anything
   */
  logEnd(status: number | undefined): void {
    if (this.#hasEnded) {
      return;
    }
    this.#hasEnded = true;
    this.record.onEnd?.();
    const { method, headers, arrivedAtMs } = this.exchange;
    const userAgent = headers.find("user-agent");
    const { clientAddress: remoteAddress } = this.record;
    const { requestCounts, tracer } = this.#records;
    const durationMs = performance.now() - arrivedAtMs;
    if (this.#isStream) {
      requestCounts.closeStream();
    }
    requestCounts.end(this.record, status, this.#isStream ? undefined : durationMs);
    const traceId = tracer?.recordCall(this.exchange, this.record, status);
    if (traceId !== undefined) {
      this.record.traceId = traceId;
    }
    logExchange(
      this.#records,
      { method, status, durationMs, remoteAddress, userAgent },
      this.record,
    );
  }
}
