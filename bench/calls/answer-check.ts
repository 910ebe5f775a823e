import { createHmac } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { z } from "zod";
import { GetIceServersResponseSchema } from "../../src/gen/ice/v1/ice_service_pb.js";
import { WrongAnswerError } from "../failure.js";
import type { Answer } from "./answer.js";
import type { Call } from "./call.js";

/** What a right answer holds. */
export interface Expectation {
  readonly stunUrls: readonly string[];
  readonly turnUrls: readonly string[];
  readonly secret: string;
  readonly name: string;
  readonly ttlSeconds: number;
}

const bodySchema = z.strictObject({
  iceServers: z.tuple([
    z.strictObject({ urls: z.array(z.string()) }),
    z.strictObject({ urls: z.array(z.string()), username: z.string(), credential: z.string() }),
  ]),
  expireTime: z.iso.datetime(),
  ttlSeconds: z.int(),
});

/** @throws WrongAnswerError unless it is a 200 with fresh credentials that a TURN server accepts */
export function checkAnswer(server: string, call: Call, answer: Answer, expected: Expectation) {
  const refuse = (problem: string): never => {
    throw new WrongAnswerError(`${server} answers ${call.title} with ${problem}`);
  };
  if (answer.status !== 200) {
    refuse(`status ${answer.status}: ${answer.body.toString("utf8").slice(0, 500)}`);
  }
  const grpcStatus = answer.trailers["grpc-status"];
  if (call.name === "grpc" && grpcStatus !== "0") {
    refuse(`grpc-status ${grpcStatus}`);
  }
  const { success, data, error } = bodySchema.safeParse(readBody(call, answer));
  if (!success) {
    return refuse(`a body of another shape: ${z.prettifyError(error)}`);
  }
  const [stun, turn] = data.iceServers;
  const { stunUrls, turnUrls, secret, name, ttlSeconds } = expected;
  if (!isDeepStrictEqual([stun.urls, turn.urls], [stunUrls, turnUrls])) {
    refuse("other URLs than configured");
  }
  const expiresAtSeconds = Date.parse(data.expireTime) / 1000;
  const awayFromNow = Math.abs(expiresAtSeconds - ttlSeconds - Date.now() / 1000);
  if (data.ttlSeconds !== ttlSeconds || turn.username !== `${expiresAtSeconds}:${name}`) {
    refuse("a credential of another life or name");
  }
  // Fixed bytes are a baseline too, and grow old.
  if (awayFromNow > 3600) {
    refuse("a credential that is not fresh");
  }
  if (turn.credential !== createHmac("sha1", secret).update(turn.username).digest("base64")) {
    refuse("a credential that the secret did not sign");
  }
}

/** The body as JSON: a gRPC message is first taken out of its envelope. */
export function readBody(call: Call, { body }: Answer): unknown {
  if (call.name !== "grpc") {
    return JSON.parse(body.toString("utf8"));
  }
  const length = body.readUInt32BE(1);
  if (body[0] !== 0 || body.byteLength !== length + 5) {
    throw new WrongAnswerError("the body is not one uncompressed gRPC message");
  }
  return toJson(
    GetIceServersResponseSchema,
    fromBinary(GetIceServersResponseSchema, body.subarray(5)),
  );
}
