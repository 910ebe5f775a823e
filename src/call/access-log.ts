import { describeCaller } from "../authentication/caller.js";
import { findFault } from "../observability/fault.js";
import {
  loggedMethods,
  type RequestLog,
  type RequestLogLevel,
} from "../observability/request-log.js";
import type { SelectRequest } from "../observability/request-selection.js";
import type { CallRecord } from "./call-record.js";

/** Where requests are logged, and which. */
export interface AccessLog {
  readonly requestLog: RequestLog;
  /** Absent where all are. */
  readonly selectRequest?: SelectRequest | undefined;
}

/** What the log says of a request beside its {@link CallRecord}. */
export interface ExchangeFacts {
  readonly method: string;
  /** Undefined when no response was sent. */
  readonly status: number | undefined;
  readonly durationMs: number;
  readonly remoteAddress: string | undefined;
  /** As sent; null where the client does not say. */
  readonly userAgent: string | null;
}

/** Browsers need up to 150 characters, those within apps some more. */
const maxUserAgentChars = 256;

const loggedMethodsByName = new Map<string, (typeof loggedMethods)[number]>(
  loggedMethods.map((method) => [method, method]),
);

/** Logs one line for a request that has got its answer, or will get none, if it is selected. */
export function logExchange(
  { requestLog, selectRequest }: AccessLog,
  facts: ExchangeFacts,
  record: CallRecord,
): void {
  const level = chooseLevel(record);
  if (selectRequest !== undefined && !selectRequest(findFault(record), level)) {
    return;
  }
  const { caller } = record;
  requestLog(level, {
    method: loggedMethodsByName.get(facts.method) ?? "other",
    protocol: record.protocol,
    target: record.target,
    code: record.code,
    status: facts.status,
    durationMs: Math.round(facts.durationMs * 100) / 100,
    caller: caller && describeCaller(caller),
    credentialExpiresAtSeconds: record.credentialExpiresAtSeconds,
    region: record.region,
    messagesSent: record.messagesSent,
    remoteAddress: facts.remoteAddress,
    userAgent: facts.userAgent === null ? undefined : clipUserAgent(facts.userAgent),
    requestId: record.requestId,
    traceId: record.traceId,
    cause: record.cause,
    detail: record.detail,
  });
}

function clipUserAgent(text: string): string {
  return text.length > maxUserAgentChars ? `${text.slice(0, maxUserAgentChars - 3)}...` : text;
}

/** Refused tokens and used up quotas stand out: mobile clients hide them from their users. Probes stay quiet. */
function chooseLevel(record: CallRecord): RequestLogLevel {
  const { protocol, target, code, cause } = record;
  if (findFault(record) === "server") {
    return code === "unavailable" ? "warn" : "error";
  }
  switch (code) {
    case "unauthenticated":
    case "permission_denied":
      return "warn";
    case "resource_exhausted":
      // Without a cause, it was the request that was too large.
      return cause === undefined ? "info" : "warn";
    default:
      return protocol === "http" && target !== undefined ? "debug" : "info";
  }
}
