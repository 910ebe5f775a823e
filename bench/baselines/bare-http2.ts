/** The limit for gRPC on Node: streams of node:http2, messages of protobuf, nothing in between. */
import { createServer, type ServerHttp2Stream } from "node:http2";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  GetIceServersRequestSchema,
  GetIceServersResponseSchema,
} from "../../src/gen/ice/v1/ice_service_pb.js";
import { createAnswerSource } from "./json-answer.js";
import { createMessageSource } from "./message-answer.js";
import { announceReady } from "./ready-line.js";
import { parseSettings } from "./settings.js";

/** The compression flag and the length in front of each gRPC message. */
const prefixBytes = 5;

const settings = parseSettings(process.argv.slice(2));
const makeMessage = createMessageSource(settings);
const makeAnswer = createAnswerSource(settings);
const grpcHeaders = { ":status": 200, ...Object.fromEntries(settings.grpcHeaders) };
const restHeaders = { ":status": 200, ...Object.fromEntries(settings.restHeaders) };

function answerGrpc(stream: ServerHttp2Stream, request: Buffer): void {
  fromBinary(GetIceServersRequestSchema, request.subarray(prefixBytes));
  const message = toBinary(GetIceServersResponseSchema, makeMessage());
  const frame = Buffer.allocUnsafe(prefixBytes + message.byteLength);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, prefixBytes);
  stream.respond(grpcHeaders, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(frame);
}

function answerRest(stream: ServerHttp2Stream): void {
  const body = Buffer.from(JSON.stringify(makeAnswer()));
  stream.respond({ ...restHeaders, "content-length": body.byteLength });
  stream.end(body);
}

const server = createServer();
server.on("stream", (stream, headers) => {
  // The load generator leaves in the middle of its last calls.
  stream.on("error", () => {});
  if (headers[":method"] === "GET") {
    answerRest(stream);
    return;
  }
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => answerGrpc(stream, Buffer.concat(chunks)));
});
server.listen(0, "127.0.0.1", () => announceReady(server.address()));
