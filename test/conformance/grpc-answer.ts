import { type Answer, type AnswerError, createAnswer, demand } from "./answer.js";
import { type Codec, decodeEchoResponse, decodeStatus } from "./echo-message.js";
import { openEnvelope, splitEnvelopes, trailersFlag } from "./envelope.js";
import type { Fields, HttpAnswer } from "./http-client.js";
import { findStatusCode } from "./status-codes.js";

/** Reads a gRPC answer (PROTOCOL-HTTP2.md, Responses). */
export function readGrpcAnswer(http: HttpAnswer, codec: Codec): Answer {
  demand(http.status === 200, "the HTTP status is 200");
  demandContentType(http, "application/grpc", codec);
  const trailersOnly = "grpc-status" in http.headers;
  if (trailersOnly) {
    demand(http.body.length === 0, "nothing follows a status in the headers");
    demand(!("grpc-status" in http.trailers), "the status comes once");
  }
  const status = readStatus(trailersOnly ? http.headers : http.trailers);
  return createAnswer({
    http,
    headers: trailersOnly ? {} : http.headers,
    messages: splitEnvelopes(http.body).map((envelope) => {
      demand((envelope.flags & ~1) === 0, "no flag but that of compression is set");
      return decodeEchoResponse(openEnvelope(envelope, http.headers["grpc-encoding"]), codec);
    }),
    ...status,
  });
}

/** Reads a gRPC-Web answer (PROTOCOL-WEB.md): the trailers are the last message of the body. */
export function readGrpcWebAnswer(http: HttpAnswer, codec: Codec): Answer {
  demand(http.status === 200, "the HTTP status is 200");
  demand(Object.keys(http.trailers).length === 0, "there are no HTTP trailers");
  demandContentType(http, "application/grpc-web", codec);
  const encoding = http.headers["grpc-encoding"];
  const envelopes = splitEnvelopes(http.body);
  const last = envelopes.pop();
  if (last === undefined) {
    return createAnswer({ http, headers: {}, messages: [], ...readStatus(http.headers) });
  }
  demand((last.flags & ~1) === trailersFlag, "the last message holds the trailers");
  demand(!("grpc-status" in http.headers), "the status comes once");
  return createAnswer({
    http,
    headers: http.headers,
    messages: envelopes.map((envelope) => {
      demand((envelope.flags & ~1) === 0, "the trailers come last, and no other flag is set");
      return decodeEchoResponse(openEnvelope(envelope, encoding), codec);
    }),
    ...readStatus(parseTrailers(openEnvelope(last, encoding).toString("latin1"))),
  });
}

function demandContentType(http: HttpAnswer, type: string, codec: Codec): void {
  const allowed = codec === "proto" ? [type, `${type}+proto`] : [`${type}+json`];
  const contentType = http.headers["content-type"] ?? "none";
  demand(allowed.includes(contentType), `the content type is ${allowed.join(" or ")}`);
}

/** HTTP/1.1 fields, names in lower case, each line ended by CRLF and none empty. */
function parseTrailers(block: string): Fields {
  demand(block === "" || block.endsWith("\r\n"), "the trailers end in CRLF");
  const fields: Record<string, string> = {};
  for (const line of block.split("\r\n").slice(0, -1)) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9a-z-]+):[ \t]*([\t\x20-\x7e]*)$/.exec(line) ?? [];
    demand(name !== undefined && value !== undefined, `the trailer is well-formed: ${line}`);
    const other = fields[name];
    fields[name] = other === undefined ? value : `${other}, ${value}`;
  }
  return fields;
}

function readStatus(fields: Fields): { trailers: Fields; error?: AnswerError } {
  const {
    "grpc-status": status = "none",
    "grpc-message": message = "",
    "grpc-status-details-bin": details,
    ...trailers
  } = fields;
  demand(/^([0-9]|1[0-6])$/.test(status), `grpc-status is one of 0 to 16: ${status}`);
  demand(
    /^([\x20-\x24\x26-\x7e]|%[0-9A-Fa-f]{2})*$/.test(message),
    `grpc-message is percent-encoded: ${message}`,
  );
  if (status === "0") {
    demand(message === "" && details === undefined, "a good status has no message and no details");
    return { trailers };
  }
  const text = decodeURIComponent(message);
  const code = findStatusCode(({ number }) => number === Number(status)).name;
  return { trailers, error: { code, message: text, details: readDetails(details, status, text) } };
}

function readDetails(field: string | undefined, status: string, message: string) {
  if (field === undefined) {
    return [];
  }
  demand(/^[A-Za-z0-9+/]*$/.test(field), "grpc-status-details-bin is base64 without padding");
  const decoded = decodeStatus(Buffer.from(field, "base64"));
  demand(decoded.code === Number(status), "grpc-status-details-bin has the code of grpc-status");
  demand((decoded.message ?? "") === message, "it has the message of grpc-message");
  return (decoded.details ?? []).map(({ typeUrl, value = "" }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value: Buffer.from(value, "base64"),
  }));
}
