import { rethrow } from "../http/guard.js";
import type { HttpAnswer } from "../http/http-message.js";
import type { Call } from "./call.js";
import { StalledClientError } from "./call-end.js";
import type { Codec } from "./codec.js";
import { settleError } from "./settle-error.js";

/**
 * One step of a call. It is done when it returns, or when its promise is fulfilled: most calls never
 * wait, and a promise for each step would cost more than the step. What it throws ends the call.
 */
export type Stage<C extends Codec = Codec> = (call: Call<C>) => Promise<void> | undefined;

/** The stages that a method has of its own. */
export interface MethodStages<C extends Codec> {
  /** Reads, decompresses, and decodes the request. */
  readonly read: Stage<C>;
  /** Runs the implementation. */
  readonly invoke: Stage<C>;
  /** Encodes and sends what it returned. */
  readonly respond: Stage<C>;
}

/** The stages that all methods share. Absent ones are left out. */
export interface SharedStages<C extends Codec = Codec> {
  /** Takes a place for a call that needs no token. */
  readonly admitPublic?: Stage<C>;
  /** Looks at headers and query only: nothing of a stranger's body is read. */
  readonly authenticate?: Stage<C>;
  readonly limitCaller?: Stage<C>;
  /** Whether the caller may send this request. */
  readonly checkRights?: Stage<C>;
  /** Whether the fields of the request can be used. */
  readonly validate?: Stage<C>;
  readonly limitUser?: Stage<C>;
}

/**
 * The one order of all calls, unary and streaming, over every protocol. The record of the call and
 * its trace surround it (see Reply).
 */
export function orderStages<C extends Codec>(
  shared: SharedStages<C>,
  { read, invoke, respond }: MethodStages<C>,
): readonly Stage<C>[] {
  const { admitPublic, authenticate, limitCaller, checkRights, validate, limitUser } = shared;
  return [
    ...[admitPublic, authenticate, limitCaller],
    read,
    ...[checkRights, validate, limitUser],
    invoke,
    respond,
  ].filter((stage) => stage !== undefined);
}

/** Takes a call through its stages. Never throws or rejects: a failure is the call's answer. */
export function runCall<C extends Codec>(call: Call<C>, stages: readonly Stage<C>[]): void {
  advance(call, stages, 0);
}

function advance<C extends Codec>(call: Call<C>, stages: readonly Stage<C>[], from: number): void {
  try {
    for (let index = from; index < stages.length; index += 1) {
      const pending = stages[index]?.(call);
      if (pending !== undefined) {
        wait(pending, call, stages, index + 1);
        return;
      }
    }
  } catch (error) {
    fail(call, error);
    return;
  }
  call.end();
}

/** Apart from the loop: V8 would copy the variables of a closure in it for each stage. */
function wait<C extends Codec>(
  pending: Promise<void>,
  call: Call<C>,
  stages: readonly Stage<C>[],
  next: number,
): void {
  pending.then(
    () => resume(call, stages, next),
    (error: unknown) => fail(call, error),
  );
}

/** Goes on after a wait, unless nobody wants what is left of the call any more. */
function resume<C extends Codec>(call: Call<C>, stages: readonly Stage<C>[], from: number): void {
  // After the last stage, the client has its answer, and may be gone because of that.
  const end = from < stages.length ? call.findEnd() : undefined;
  if (end === undefined) {
    advance(call, stages, from);
  } else {
    fail(call, end);
  }
}

/** Answers a call that has failed, in the form of its protocol. */
function fail(call: Call, error: unknown): void {
  const { reply, codec, exchange } = call;
  try {
    const settled = settleError(error, call);
    if (error instanceof StalledClientError || exchange.isGone()) {
      reply.abandon();
    } else if (call.endStream !== undefined) {
      call.endStream(settled);
    } else {
      const answer = codec.refuse(settled, call);
      if (answer instanceof Promise) {
        const send = exchange.guard((late: HttpAnswer) => reply.send(late));
        answer.then(send, exchange.guard(rethrow));
      } else {
        reply.send(answer);
      }
    }
  } catch (mistake) {
    // Nothing of ours is left that could answer it.
    exchange.guard(rethrow)(mistake);
  } finally {
    call.end();
  }
}
