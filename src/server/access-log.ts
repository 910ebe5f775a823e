import {
  loggedMethods,
  type RequestLog,
  type RequestLogLevel,
} from "../observability/request-log.js";
import type { CallRecord } from "../rpc/call-record.js";

/** What the log says of a request beside its {@link CallRecord}. */
export interface ExchangeFacts {
  readonly method: string;
  /** Undefined when no response was sent. */
  readonly status: number | undefined;
  readonly durationMs: number;
  readonly remoteAddress: string | undefined;
}

/** Logs one line for a request that has got its answer, or will get none. */
export function logExchange(log: RequestLog, facts: ExchangeFacts, record: CallRecord): void {
  const { caller } = record;
  log(chooseLevel(record), {
    method: loggedMethods.find((method) => method === facts.method) ?? "other",
    protocol: record.protocol,
    target: record.target,
    code: record.code,
    status: facts.status,
    durationMs: Math.round(facts.durationMs * 100) / 100,
    caller: caller && { kind: caller.kind, name: caller.subject },
    credentialExpiresAtSeconds: record.credentialExpiresAtSeconds,
    messagesSent: record.messagesSent,
    remoteAddress: facts.remoteAddress,
    cause: record.cause,
  });
}

/** Refused tokens stand out: mobile clients hide them from their users. Probes stay quiet. */
function chooseLevel({ protocol, target, code }: CallRecord): RequestLogLevel {
  switch (code) {
    case "internal":
    case "unknown":
    case "data_loss":
      return "error";
    case "unauthenticated":
      return "warn";
    default:
      return protocol === "http" && target !== undefined ? "debug" : "info";
  }
}
