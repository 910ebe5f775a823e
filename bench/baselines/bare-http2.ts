/** The least that gRPC costs on Node: streams of node:http2, and an encoder written by hand. */
import { createServer, type ServerHttp2Stream } from "node:http2";
import { createAnswerSource } from "./json-answer.js";
import { createMessageEncoder } from "./message-bytes.js";
import { announceReady } from "./ready-line.js";
import { parseSettings } from "./settings.js";

const settings = parseSettings(process.argv.slice(2));
const encodeMessage = createMessageEncoder(settings);
const makeAnswer = createAnswerSource(settings);
const grpcHeaders = { ":status": 200, ...Object.fromEntries(settings.grpcHeaders) };
const restHeaders = { ":status": 200, ...Object.fromEntries(settings.restHeaders) };
const withTrailers = { waitForTrailers: true };
const grpcTrailers = { "grpc-status": "0" };

// One function for all streams: a function made for each call would cost some of its speed.
function sendTrailers(this: ServerHttp2Stream): void {
  this.sendTrailers(grpcTrailers);
}

function answerGrpc(stream: ServerHttp2Stream, authorization: string | undefined): void {
  stream.respond(grpcHeaders, withTrailers);
  stream.on("wantTrailers", sendTrailers);
  stream.end(encodeMessage(authorization));
}

function answerRest(stream: ServerHttp2Stream): void {
  const body = Buffer.from(JSON.stringify(makeAnswer()));
  stream.respond({ ...restHeaders, "content-length": body.byteLength });
  stream.end(body);
}

/** The load generator leaves in the middle of its last calls. */
function ignoreError(): void {}

const server = createServer();
server.on("stream", (stream, headers) => {
  stream.on("error", ignoreError);
  if (headers[":method"] === "GET") {
    answerRest(stream);
  } else {
    // Every field of the request is at its default, so that there is nothing to decode.
    stream.resume().on("end", () => answerGrpc(stream, headers.authorization));
  }
});
server.listen(0, "127.0.0.1", () => announceReady(server.address()));
