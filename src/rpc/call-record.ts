import { createContextKey } from "@connectrpc/connect";
import type { Caller } from "../authentication/caller.js";
import type { RequestProtocol } from "../observability/request-log.js";

/** A part of a call, with its times as performance.now() tells them. */
export interface CallStep {
  readonly name: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

/** What one request leaves for its log line and its span. Holds no token, credential or query string. */
export interface CallRecord {
  protocol: RequestProtocol;
  /** The path of the route that took the request, or its template. Absent where none did. */
  route?: string;
  /** The RPC as `<service>/<method>`, or the route. Absent for an unknown path. */
  target?: string;
  /** The RPC's code in lower snake case, `ok` included. Absent where no RPC ran. */
  code?: string;
  caller?: Caller;
  /** The other end of the connection as the socket has it; it may be a proxy. */
  peerAddress?: string | undefined;
  /** Where the request comes from, as far as that is known: a proxy's word counts if it is trusted. */
  clientAddress?: string | undefined;
  /** Whose servers were handed out. Absent where no regions are configured. */
  region?: string;
  /** When the TURN credential that was handed out expires, in Unix seconds. */
  credentialExpiresAtSeconds?: number;
  /** How many messages a stream has carried. Absent for a unary call. */
  messagesSent?: number;
  /** Why the call failed, for the operator; the caller does not get to see it. */
  cause?: unknown;
  /** Parts of the call that may take long. Absent where nobody traces calls. */
  steps?: CallStep[];
  /** The trace that a span of the call was recorded for, in lower-case hex. */
  traceId?: string;
}

export const callRecordKey = createContextKey<CallRecord>(
  { protocol: "http" },
  { description: "what the request leaves for its log line" },
);

/** Waits for a part of the call that may take long, such as for keys that have to be loaded first. */
export function timeStep<T>(name: string, step: Promise<T>, { steps }: CallRecord): Promise<T> {
  if (steps === undefined) {
    return step;
  }
  const startedAtMs = performance.now();
  return step.finally(() => {
    steps.push({ name, startedAtMs, endedAtMs: performance.now() });
  });
}
