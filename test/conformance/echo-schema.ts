import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { z } from "zod";

/*
 * Messages are written and read as protobuf JSON, checked by the shapes below: the schema is
 * compiled here and now, so that it has no generated types.
 */

const packageName = "test.conformance.v1";
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

const registry = compile();
export const echoService: DescService = find("EchoService", (name) => registry.getService(name));
export const echoMethods = {
  echo: findUnary("Echo"),
  echoIdempotent: findUnary("EchoIdempotent"),
  echoStream: findServerStreaming("EchoStream"),
};
export const requestSchema = findMessage("EchoRequest");
export const responseSchema = findMessage("EchoResponse");
export const seenSchema = findMessage("Seen");
const statusSchema = findMessage("Status");

export const toEchoRequest = (json: unknown): EchoRequest => echoRequest.parse(json);
export const toEchoResponse = (json: unknown): EchoResponse => echoResponse.parse(json);

export function encodeEchoRequest(request: EchoRequest, codec: Codec): Buffer {
  const json: JsonValue = JSON.parse(JSON.stringify(request));
  return codec === "json"
    ? Buffer.from(JSON.stringify(json))
    : Buffer.from(toBinary(requestSchema, fromJson(requestSchema, json)));
}

export function decodeEchoResponse(bytes: Uint8Array, codec: Codec): EchoResponse {
  const json = codec === "json" ? parseJson(bytes) : toPlainJson(responseSchema, bytes);
  return toEchoResponse(json);
}

export function decodeStatus(bytes: Uint8Array): Status {
  return status.parse(toPlainJson(statusSchema, bytes));
}

export function decodeSeen(bytes: Uint8Array): Seen {
  return seen.parse(toPlainJson(seenSchema, bytes));
}

export function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}

function toPlainJson(schema: DescMessage, bytes: Uint8Array): unknown {
  return toJson(schema, fromBinary(schema, bytes));
}

function findUnary(name: string): DescMethodUnary {
  return find(name, () =>
    echoService.methods.find(
      (method): method is DescMethodUnary & DescMethod =>
        method.name === name && method.methodKind === "unary",
    ),
  );
}

function findServerStreaming(name: string): DescMethodServerStreaming {
  return find(name, () =>
    echoService.methods.find(
      (method): method is DescMethodServerStreaming & DescMethod =>
        method.name === name && method.methodKind === "server_streaming",
    ),
  );
}

function findMessage(name: string): DescMessage {
  return find(name, (typeName) => registry.getMessage(typeName));
}

function find<T>(name: string, get: (typeName: string) => T | undefined): T {
  const found = get(`${packageName}.${name}`);
  if (found === undefined) {
    throw new Error(`echo.proto lacks ${name}`);
  }
  return found;
}

function compile() {
  const directory = mkdtempSync(join(tmpdir(), "echo-"));
  const file = join(directory, "descriptors.binpb");
  execFileSync("protoc", [
    `-I${import.meta.dirname}`,
    `--descriptor_set_out=${file}`,
    "echo.proto",
  ]);
  const files = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(file)));
  rmSync(directory, { recursive: true });
  return files;
}
