import {
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { z } from "zod";
import {
  EchoRequestSchema,
  EchoResponseSchema,
  SeenSchema,
  StatusSchema,
} from "../schemas/gen/echo_pb.js";

/*
 * Messages are written and read as protobuf JSON, checked by the shapes below: a field that a test
 * leaves out is then one that was not sent.
 */

const field = z.strictObject({ name: z.string(), values: z.array(z.string()) });
const status = z.strictObject({
  code: z.number().optional(),
  message: z.string().optional(),
  details: z
    .array(z.strictObject({ typeUrl: z.string(), value: z.string().optional() }))
    .optional(),
});
const echoRequest = z.strictObject({
  call: z.string().optional(),
  headers: z.array(field).optional(),
  data: z.array(z.string()).optional(),
  trailers: z.array(field).optional(),
  failure: status.optional(),
  delayMs: z.number().optional(),
  padding: z.string().optional(),
});
const seen = z.strictObject({
  httpMethod: z.string(),
  query: z.string().optional(),
  headers: z.array(field).optional(),
  timeoutMs: z.number().optional(),
  request: echoRequest,
});
const echoResponse = z.strictObject({ data: z.string().optional(), seen: seen.optional() });

export type EchoRequest = z.output<typeof echoRequest>;
export type EchoResponse = z.output<typeof echoResponse>;
export type Seen = z.output<typeof seen>;
export type Status = z.output<typeof status>;
export type Codec = "proto" | "json";

export const toEchoRequest = (json: unknown): EchoRequest => echoRequest.parse(json);
export const toEchoResponse = (json: unknown): EchoResponse => echoResponse.parse(json);

export function encodeEchoRequest(request: EchoRequest, codec: Codec): Buffer {
  const json: JsonValue = JSON.parse(JSON.stringify(request));
  return codec === "json"
    ? Buffer.from(JSON.stringify(json))
    : Buffer.from(toBinary(EchoRequestSchema, fromJson(EchoRequestSchema, json)));
}

export function decodeEchoResponse(bytes: Uint8Array, codec: Codec): EchoResponse {
  const json = codec === "json" ? parseJson(bytes) : toPlainJson(EchoResponseSchema, bytes);
  return toEchoResponse(json);
}

export function decodeStatus(bytes: Uint8Array): Status {
  return status.parse(toPlainJson(StatusSchema, bytes));
}

export function decodeSeen(bytes: Uint8Array): Seen {
  return seen.parse(toPlainJson(SeenSchema, bytes));
}

export function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}

function toPlainJson(schema: DescMessage, bytes: Uint8Array): unknown {
  return toJson(schema, fromBinary(schema, bytes));
}
