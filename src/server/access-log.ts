import type { Clock } from "../clock.js";
import type { Logger } from "../observability/logger.js";
import type { CallRecord } from "../rpc/call-record.js";
import type { NodeRequest, NodeResponse } from "./node-exchange.js";

const methods = new Set(["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"]);

/**
 * Logs one line when the exchange has ended. Never a token, a credential, a query string or an
 * unknown path, since each of them may hold a secret.
 */
export function logExchange(
  log: Logger,
  clock: Clock,
  request: NodeRequest,
  response: NodeResponse,
  record: CallRecord,
): void {
  const startedAtMs = clock();
  const remoteAddress = request.socket.remoteAddress;
  response.once("close", () => {
    const { protocol, target, caller, credentialExpiresAtSeconds, cause } = record;
    const code = record.code ?? (response.writableEnded ? undefined : "canceled");
    const method = request.method ?? "";
    log[chooseLevel(record)](
      {
        method: methods.has(method) ? method : "other",
        protocol,
        target,
        code,
        status: response.statusCode,
        durationMs: clock() - startedAtMs,
        caller: caller && { kind: caller.kind, name: caller.subject },
        credentialExpiresAtSeconds,
        remoteAddress,
        ...(cause instanceof Error ? { err: cause } : { cause }),
      },
      "request",
    );
  });
}

/** Refused tokens stand out: mobile clients hide them from their users. Probes stay quiet. */
function chooseLevel({ protocol, target, code }: CallRecord): "debug" | "info" | "warn" | "error" {
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
