import type { ConnectError } from "@connectrpc/connect";
import * as connect from "@connectrpc/connect/protocol-connect";
import * as grpc from "@connectrpc/connect/protocol-grpc";
import * as grpcWeb from "@connectrpc/connect/protocol-grpc-web";
import { addGrpcStatus } from "./grpc-status.js";
import { carriesJson } from "./media-type.js";
import { problemContentType, toProblemDetails } from "./rest/problem-details.js";
import { type Envelope, sealEnvelopes } from "./unary/envelope.js";
import {
  addHeaders,
  type HttpAnswer,
  type HttpHeaders,
  type HttpRequest,
} from "./unary/http-message.js";
import { settleError } from "./unary/settle-error.js";

/** The answer to a call that is refused before its body was read. The code goes on record. */
export type Refuse = (error: unknown, request: HttpRequest) => HttpAnswer;

/** Status and trailers in one header block, without a body (Trailers-Only in gRPC's specification). */
export const refuseOverGrpc: Refuse = (error, request) => ({
  status: 200,
  headers: {
    "content-type": carriesJson(request.headers) ? grpc.contentTypeJson : grpc.contentTypeProto,
    ...printGrpcStatus(settleError(error, request.contextValues)),
  },
  body: "",
});

export const refuseOverGrpcWeb: Refuse = (error, request) => ({
  status: 200,
  headers: {
    "content-type": carriesJson(request.headers)
      ? grpcWeb.contentTypeJson
      : grpcWeb.contentTypeProto,
  },
  body: sealEnvelopes([
    writeGrpcWebTrailers(printGrpcStatus(settleError(error, request.contextValues))),
  ]),
});

/** Unary calls: the HTTP status of the code, and the error as JSON. */
export const refuseOverConnect: Refuse = (error, request) => {
  const settled = settleError(error, request.contextValues);
  const headers: HttpHeaders = { "content-type": connect.contentTypeUnaryJson };
  addHeaders(headers, settled.metadata);
  return {
    status: connect.codeToHttpStatus(settled.code),
    headers,
    body: JSON.stringify(connect.errorToJson(settled, undefined)),
  };
};

/** Streams: status 200, and the error in the message that ends the stream. */
export const refuseOverConnectStream: Refuse = (error, request) => {
  const settled = settleError(error, request.contextValues);
  const end = connect.endStreamToJson(new Headers(), settled, undefined);
  return {
    status: 200,
    headers: {
      "content-type": carriesJson(request.headers)
        ? connect.contentTypeStreamJson
        : connect.contentTypeStreamProto,
    },
    body: sealEnvelopes([{ flags: connect.endStreamFlag, data: Buffer.from(JSON.stringify(end)) }]),
  };
};

/** Server-sent events included: before the first event, their errors are those of REST. */
export const refuseOverRest: Refuse = (error, request) => {
  const settled = settleError(error, request.contextValues);
  const problem = toProblemDetails(settled);
  const headers: HttpHeaders = {};
  addHeaders(headers, settled.metadata);
  headers["content-type"] = problemContentType;
  return { status: problem.status, headers, body: JSON.stringify(problem) };
};

/** The trailers of gRPC-Web, which go into the body. */
export function writeGrpcWebTrailers(trailers: HttpHeaders): Envelope {
  const lines = Object.entries(trailers).map(([name, value]) => `${name}: ${value}\r\n`);
  return { flags: grpcWeb.trailerFlag, data: Buffer.from(lines.join("")) };
}

function printGrpcStatus(error: ConnectError): HttpHeaders {
  const trailers: HttpHeaders = {};
  addHeaders(trailers, addGrpcStatus(new Headers(), error));
  return trailers;
}
