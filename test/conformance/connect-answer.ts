import { z } from "zod";
import { type Answer, type AnswerError, createAnswer, demand } from "./answer.js";
import { type Codec, decodeEchoResponse, parseJson } from "./echo-message.js";
import { decompress, endStreamFlag, openEnvelope, splitEnvelopes } from "./envelope.js";
import type { HttpAnswer } from "./http-client.js";
import { statusCodes } from "./status-codes.js";

const unpaddedBase64 = z.string().regex(/^[A-Za-z0-9+/]*$/);
const errorShape = z.strictObject({
  code: z.enum(statusCodes.map(({ name }) => name)),
  message: z.string().optional(),
  details: z
    .array(
      z.strictObject({
        type: z.string().regex(/^[A-Za-z_][\w.]*$/),
        value: unpaddedBase64,
        debug: z.unknown().optional(),
      }),
    )
    .optional(),
});
const fieldName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
const fieldValue = z.string().regex(/^[\t\x20-\x7e]*$/);
const endStreamShape = z.strictObject({
  error: errorShape.optional(),
  metadata: z.record(fieldName, z.array(fieldValue)).optional(),
});

/** Reads the answer to a unary Connect call (https://connectrpc.com/docs/protocol#unary-response). */
export function readConnectUnaryAnswer(http: HttpAnswer, codec: Codec): Answer {
  demand(Object.keys(http.trailers).length === 0, "there are no HTTP trailers");
  demand(!("grpc-status" in http.headers), "there is nothing of gRPC");
  const body = decompress(http.body, http.headers["content-encoding"]);
  const { headers, trailers } = splitTrailers(http);
  if (http.status === 200) {
    demand(http.headers["content-type"] === `application/${codec}`, "the codec is the request's");
    return createAnswer({
      http,
      headers,
      trailers,
      messages: [decodeEchoResponse(body, codec)],
    });
  }
  demand(http.headers["content-type"] === "application/json", "an error is application/json");
  return createAnswer({ http, headers, trailers, messages: [], error: readError(parseJson(body)) });
}

/** Reads a Connect stream (https://connectrpc.com/docs/protocol#streaming-response). */
export function readConnectStreamAnswer(http: HttpAnswer, codec: Codec): Answer {
  demand(http.status === 200, "the HTTP status is 200");
  demand(Object.keys(http.trailers).length === 0, "there are no HTTP trailers");
  demand(
    http.headers["content-type"] === `application/connect+${codec}`,
    "the codec is the request's",
  );
  const encoding = http.headers["connect-content-encoding"];
  const envelopes = splitEnvelopes(http.body);
  const last = envelopes.pop();
  demand(last !== undefined && (last.flags & ~1) === endStreamFlag, "the stream has an end");
  const { error, metadata = {} } = endStreamShape.parse(parseJson(openEnvelope(last, encoding)));
  return createAnswer({
    http,
    headers: http.headers,
    messages: envelopes.map((envelope) => {
      demand((envelope.flags & ~1) === 0, "the end comes last, and no other flag is set");
      return decodeEchoResponse(openEnvelope(envelope, encoding), codec);
    }),
    trailers: Object.fromEntries(
      Object.entries(metadata).map(([name, values]) => [name.toLowerCase(), values.join(", ")]),
    ),
    ...(error !== undefined && { error: readError(error) }),
  });
}

function readError(json: unknown): AnswerError {
  const { code, message = "", details = [] } = errorShape.parse(json);
  return {
    code,
    message,
    details: details.map(({ type, value }) => ({ type, value: Buffer.from(value, "base64") })),
  };
}

function splitTrailers({ headers }: HttpAnswer): Pick<Answer, "headers" | "trailers"> {
  const prefix = "trailer-";
  const split = { headers: {}, trailers: {} };
  for (const [name, value] of Object.entries(headers)) {
    Object.assign(
      name.startsWith(prefix) ? split.trailers : split.headers,
      name.startsWith(prefix) ? { [name.slice(prefix.length)]: value } : { [name]: value },
    );
  }
  return split;
}
