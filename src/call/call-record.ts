import type { DescMethod } from "@bufbuild/protobuf";
import { createContextKey } from "@connectrpc/connect";
import type { Caller } from "../authentication/caller.js";
import type { Fault } from "../observability/fault.js";
import type { RequestProtocol } from "../observability/request-log.js";

/** A part of a call, with its times in milliseconds of performance.now(). */
export interface CallStep {
  readonly name: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/**
 * What one request leaves for its log line and its span. Holds no token, credential or query string.
 * All members are there from the start: each one that joined an object later would cost more than it
 * shows.
 */
export class CallRecord {
  protocol: RequestProtocol = "http";
  /** Names the request for people, who look for it in logs. The client may have chosen it. */
  requestId: string | undefined = undefined;
  /** The path of the route that took the request, or its template. Undefined where none did. */
  route: string | undefined = undefined;
  /** The RPC as `<service>/<method>`, or a route without one. Undefined for an unknown path. */
  target: string | undefined = undefined;
  /** The RPC's code in lower snake case, `ok` included. Undefined where no RPC ran. */
  code: string | undefined = undefined;
  /** Who caused the call to fail, where the code alone would blame the wrong side. */
  fault: Fault | undefined = undefined;
  caller: Caller | undefined = undefined;
  /** Gives back what the call has taken. Called once, when the request ends for any reason. */
  onEnd: (() => void) | undefined = undefined;
  /** The other end of the connection, as the socket or a PROXY protocol header names it; it may be a proxy. */
  peerAddress: string | undefined = undefined;
  /** Where the request comes from, as far as that is known: a proxy's word counts if it is trusted. */
  clientAddress: string | undefined = undefined;
  /** Whose servers were handed out. Undefined where no regions are configured. */
  region: string | undefined = undefined;
  /** When the TURN credential that was handed out expires, in Unix seconds. */
  credentialExpiresAtSeconds: number | undefined = undefined;
  /** How many messages a stream has carried. Undefined for a unary call. */
  messagesSent: number | undefined = undefined;
  /** Why the call failed, for the operator; the caller does not get to see it. */
  cause: unknown = undefined;
  /** What exactly is wrong, where the cause is only its kind. Like the cause, not for the caller. */
  detail: string | undefined = undefined;
  /** Parts of the call that may take long. Undefined where nobody traces calls. */
  steps: CallStep[] | undefined = undefined;
  /** The trace that a span of the call was recorded for, in lower-case hex. */
  traceId: string | undefined = undefined;
}

/** Without a record of its own, a call has one that cannot be written: all such calls share it. */
export const callRecordKey = createContextKey<CallRecord>(Object.freeze(new CallRecord()), {
  description: "what the request leaves for its log line",
});

/** An RPC as the log and the metrics name it. */
export function nameTarget({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}

/** Waits for a part of the call that may take long, such as for keys that must be loaded first. */
export function timeStep<T>(name: string, step: Promise<T>, { steps }: CallRecord): Promise<T> {
  if (steps === undefined) {
    return step;
  }
  const startedAtMs = performance.now();
  return step.finally(() => {
    steps.push({ name, startedAtMs, endedAtMs: performance.now() });
  });
}
