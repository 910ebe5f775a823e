import { createContextKey } from "@connectrpc/connect";
import type { Caller } from "../authentication/caller.js";
import type { RequestProtocol } from "../observability/request-log.js";

/** What one request leaves for its log line. Holds no token, credential or query string. */
export interface CallRecord {
  protocol: RequestProtocol;
  /** The RPC as `<service>/<method>`, or the route. Absent for an unknown path. */
  target?: string;
  /** The RPC's code in lower snake case, `ok` included. Absent where no RPC ran. */
  code?: string;
  caller?: Caller;
  /** When the TURN credential that was handed out expires, in Unix seconds. */
  credentialExpiresAtSeconds?: number;
  /** How many messages a stream has carried. Absent for a unary call. */
  messagesSent?: number;
  /** Why the call failed, for the operator; the caller does not get to see it. */
  cause?: unknown;
}

export const callRecordKey = createContextKey<CallRecord>(
  { protocol: "http" },
  { description: "what the request leaves for its log line" },
);
