import { type Answer, demand } from "./answer.js";
import { readConnectStreamAnswer, readConnectUnaryAnswer } from "./connect-answer.js";
import { type Codec, type EchoRequest, encodeEchoRequest } from "./echo-message.js";
import { type Compression, compress, envelopCompressed } from "./envelope.js";
import { readGrpcAnswer, readGrpcWebAnswer } from "./grpc-answer.js";
import type { HttpAnswer, HttpRequest, HttpVersion } from "./http-client.js";

export type Protocol = "grpc" | "grpc-web" | "connect" | "connect-get";
export type Method = "Echo" | "EchoIdempotent" | "EchoStream" | "EchoNever";

/** One way to make a call: a row of the conformance matrix. */
export interface Wire {
  readonly name: string;
  readonly protocol: Protocol;
  readonly httpVersion: HttpVersion;
  readonly codec: Codec;
  /** Of the request, and the one that the answer may have. */
  readonly compression: Compression;
}

export interface WireCall {
  readonly method?: Method;
  readonly request?: EchoRequest;
  readonly headers?: HttpRequest["headers"];
}

export const path = (method: Method) => `/test.conformance.v1.EchoService/${method}`;

/** gRPC is defined for HTTP/2 only. */
const transports: [Protocol, HttpVersion][] = [
  ["grpc", "2"],
  ["grpc-web", "1.1"],
  ["grpc-web", "2"],
  ["connect", "1.1"],
  ["connect", "2"],
  ["connect-get", "1.1"],
  ["connect-get", "2"],
];

/** Every protocol and HTTP version, with the given codecs and compressions. */
export function listWires(codecs: Codec[], compressions: Compression[]): Wire[] {
  return transports.flatMap(([protocol, httpVersion]) =>
    codecs.flatMap((codec) =>
      compressions.map((compression) => ({
        name: `${protocol}, HTTP/${httpVersion}, ${codec}, ${compression}`,
        protocol,
        httpVersion,
        codec,
        compression,
      })),
    ),
  );
}

export const allWires = listWires(["proto", "json"], ["identity", "gzip", "br"]);
export const protoWires = listWires(["proto"], ["identity"]);
/** A stream cannot be had by GET. */
export const canStream = ({ protocol }: Wire) => protocol !== "connect-get";

/** A well-formed request. By GET, `Echo` is `EchoIdempotent`. */
export function writeRequest(wire: Wire, spec: WireCall): HttpRequest {
  const { method = "Echo", request = {}, headers = {} } = spec;
  const { protocol, codec, compression } = wire;
  const bytes = encodeEchoRequest(request, codec);
  if (protocol === "connect-get") {
    const query = new URLSearchParams({
      connect: "v1",
      base64: "1",
      ...(compression !== "identity" && { compression }),
      encoding: codec,
      message: compress(bytes, compression).toString("base64url"),
    });
    return {
      method: "GET",
      path: `${path(method === "Echo" ? "EchoIdempotent" : method)}?${query}`,
      headers: { ...declareCompression(wire, method), ...headers },
    };
  }
  const enveloped = protocol !== "connect" || method === "EchoStream";
  return {
    path: path(method),
    headers: {
      "content-type": nameContentType(wire, method),
      ...(protocol === "grpc" && { te: "trailers" }),
      ...(protocol === "connect" && { "connect-protocol-version": "1" }),
      ...declareCompression(wire, method),
      ...headers,
    },
    body: enveloped ? envelopCompressed(bytes, compression) : compress(bytes, compression),
  };
}

export function readAnswer({ protocol, codec }: Wire, http: HttpAnswer, method?: Method): Answer {
  switch (protocol) {
    case "grpc":
      return readGrpcAnswer(http, codec);
    case "grpc-web":
      return readGrpcWebAnswer(http, codec);
    case "connect":
      return method === "EchoStream"
        ? readConnectStreamAnswer(http, codec)
        : readConnectUnaryAnswer(http, codec);
    case "connect-get":
      demand(method !== "EchoStream", "a stream cannot be had by GET");
      return readConnectUnaryAnswer(http, codec);
  }
}

function nameContentType({ protocol, codec }: Wire, method: Method): string {
  switch (protocol) {
    case "connect":
    case "connect-get":
      return `application/${method === "EchoStream" ? "connect+" : ""}${codec}`;
    default:
      return `application/${protocol}+${codec}`;
  }
}

/** The names of the fields that carry compression and deadlines. */
export function nameFields({ protocol }: Pick<Wire, "protocol">, method: Method = "Echo") {
  if (protocol === "grpc" || protocol === "grpc-web") {
    return { encoding: "grpc-encoding", acceptEncoding: "grpc-accept-encoding" };
  }
  return method === "EchoStream"
    ? { encoding: "connect-content-encoding", acceptEncoding: "connect-accept-encoding" }
    : { encoding: "content-encoding", acceptEncoding: "accept-encoding" };
}

function declareCompression(wire: Wire, method: Method): Record<string, string> {
  if (wire.compression === "identity") {
    return {};
  }
  const { encoding, acceptEncoding } = nameFields(wire, method);
  return {
    [acceptEncoding]: wire.compression,
    ...(wire.protocol !== "connect-get" && { [encoding]: wire.compression }),
  };
}

/** The field that carries a deadline of so many milliseconds. */
export function writeTimeout({ protocol }: Wire, timeoutMs: number): Record<string, string> {
  return protocol === "grpc" || protocol === "grpc-web"
    ? { "grpc-timeout": `${timeoutMs}m` }
    : { "connect-timeout-ms": String(timeoutMs) };
}
