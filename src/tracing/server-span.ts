import type { Attributes } from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from "@opentelemetry/semantic-conventions";
import type { CallRecord } from "../call/call-record.js";
import type { HttpExchange } from "../http/http-exchange.js";
import { parseAuthority } from "./authority.js";

/** What there is to know of a call that has ended. */
export interface EndedCall {
  readonly exchange: HttpExchange;
  readonly record: CallRecord;
  /** What was sent, if anything. */
  readonly status: number | undefined;
}

/** The methods that OpenTelemetry's conventions know (RFC 9110, RFC 5789). Others are anybody's text. */
const knownMethods = new Set("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE".split(" "));

/** The codes that mean a mistake of the server's, not of the caller's. */
const serverErrors = new Set([
  "unknown",
  "deadline_exceeded",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
]);

/**
 * The name of a call's span, low in cardinality. Undefined for what is neither RPC nor REST: probes,
 * preflights and unknown paths.
 */
export function nameSpan({ exchange, record }: EndedCall): string | undefined {
  switch (record.protocol) {
    case "http":
      return undefined;
    case "rest":
      return `${knownMethods.has(exchange.method) ? exchange.method : "HTTP"} ${record.route}`;
    default:
      return record.target ?? nameSystem(record);
  }
}

/**
 * What a call's span says, by OpenTelemetry's semantic conventions for HTTP and for RPC. Neither
 * headers nor queries, nor who calls: only by which kind of token.
 *
 * @param scheme of the service's own port
 */
export function describeCall(call: EndedCall, scheme: "http" | "https"): Attributes {
  const { exchange, record } = call;
  const attributes: Attributes =
    record.protocol === "rest" ? describeRest(call, scheme) : describeRpc(record);
  const { httpVersion } = exchange;
  attributes[ATTR_NETWORK_PROTOCOL_VERSION] = httpVersion === "2.0" ? "2" : httpVersion;
  const authority = parseAuthority(exchange.headers.findAuthority() ?? "");
  if (authority !== undefined) {
    attributes[ATTR_SERVER_ADDRESS] = authority.host;
    if (authority.port !== undefined) {
      attributes[ATTR_SERVER_PORT] = authority.port;
    }
  }
  if (record.requestId !== undefined) {
    attributes["ice_service.request.id"] = record.requestId;
  }
  if (record.caller !== undefined) {
    attributes["ice_service.caller.kind"] = record.caller.kind;
  }
  return attributes;
}

function describeRest({ exchange, record, status }: EndedCall, scheme: string): Attributes {
  const attributes: Attributes = {
    [ATTR_HTTP_REQUEST_METHOD]: knownMethods.has(exchange.method) ? exchange.method : "_OTHER",
    [ATTR_URL_SCHEME]: scheme,
  };
  if (record.route !== undefined) {
    attributes[ATTR_HTTP_ROUTE] = record.route;
    // Without what a template's variables stand for.
    attributes[ATTR_URL_PATH] = record.route;
  }
  if (status === undefined) {
    attributes[ATTR_ERROR_TYPE] = record.code ?? "_OTHER";
  } else {
    attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = status;
    if (status >= 500) {
      attributes[ATTR_ERROR_TYPE] = String(status);
    }
  }
  return attributes;
}

function describeRpc(record: CallRecord): Attributes {
  const { code } = record;
  const system = nameSystem(record);
  const attributes: Attributes = {
    [ATTR_RPC_SYSTEM_NAME]: system,
    [ATTR_RPC_METHOD]: record.target ?? "_OTHER",
  };
  // Connect has no code for a call that went well.
  if (code !== undefined && (system === "grpc" || code !== "ok")) {
    const statusCode = system === "grpc" ? nameGrpcStatus(code) : code;
    attributes[ATTR_RPC_STATUS_CODE] = statusCode;
    if (serverErrors.has(code)) {
      attributes[ATTR_ERROR_TYPE] = statusCode;
    }
  }
  return attributes;
}

/** gRPC-Web is gRPC in another wrapping. */
function nameSystem({ protocol }: CallRecord): "connectrpc" | "grpc" {
  return protocol === "connect" ? "connectrpc" : "grpc";
}

function nameGrpcStatus(code: string): string {
  return code === "canceled" ? "CANCELLED" : code.toUpperCase();
}
