import { isUtf8 } from "node:buffer";
import { create, isMessage, type Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { OpenCodec, RequestHead, ResponseMetadata, UnaryCodec } from "../../call/codec.js";
import {
  GetIceServersRequestSchema,
  type GetIceServersResponse,
  GetIceServersResponseSchema,
} from "../../gen/ice/v1/ice_service_pb.js";
import type { HttpAnswer, HttpHeaders } from "../../http/http-message.js";
import { readMediaType } from "../../http/media-type.js";
import { toTurnRest } from "../../ice/ice-server-forms.js";
import { canonicalizeCodings } from "../../protocols/content-coding.js";
import { createProblemAnswer } from "../../protocols/rest/problem-answer.js";
import { readUsername, requireTurnService } from "./turn-rest-request.js";

const formType = "application/x-www-form-urlencoded";
const maxFormBytes = 8 * 1024;

/** GetIceServers in the form of draft-uberti-behave-turn-rest-00, over GET and POST. */
export const openTurnRestCodec: OpenCodec<TurnRestCodec> = (head) => new TurnRestCodec(head);

export class TurnRestCodec implements UnaryCodec {
  readonly protocol = "rest";
  readonly problem = undefined;
  readonly timeoutMs = undefined;
  readonly readMaxBytes = maxFormBytes;
  readonly maxBodyBytes: number;
  readonly #head: RequestHead;
  #form = "";

  constructor(head: RequestHead) {
    this.#head = head;
    this.maxBodyBytes = head.method === "POST" ? maxFormBytes : 0;
  }

  decode(body: Uint8Array): Message {
    const { headers } = this.#head;
    const coding = canonicalizeCodings(headers.find("content-encoding") ?? "identity");
    if (body.length > 0 && (readMediaType(headers) !== formType || coding !== "identity")) {
      throw new ConnectError(
        `send the parameters in the query, or in a body of ${formType} without compression`,
        Code.InvalidArgument,
      );
    }
    if (!isUtf8(body)) {
      throw new ConnectError("the body is not UTF-8", Code.InvalidArgument);
    }
    this.#form = Buffer.from(body).toString();
    requireTurnService(this.#sources);
    return create(GetIceServersRequestSchema);
  }

  /**
   * The user that the request names; empty where it names none.
   * @throws InvalidFieldError for two values, and for one that is not UTF-8
   */
  readUsername(): string {
    return readUsername(this.#sources);
  }

  /** Where parameters are: in the query, in a form, or in both, as Janus sends them twice. */
  get #sources(): readonly string[] {
    return [this.#head.query, this.#form];
  }

  respond(message: Message, metadata: ResponseMetadata): HttpAnswer {
    if (!isMessage(message, GetIceServersResponseSchema)) {
      throw new Error(`a response is of ${message.$typeName}`);
    }
    const headers: HttpHeaders = { "content-type": "application/json" };
    metadata.addResponseHeaders(headers);
    return { status: 200, headers, body: printCredentials(message) };
  }

  refuse(error: ConnectError, metadata: ResponseMetadata): HttpAnswer {
    return createProblemAnswer(this.#head, error, metadata);
  }
}

/** @throws ConnectError NotFound where there is no TURN server */
function printCredentials({ iceServers, ttlSeconds }: GetIceServersResponse): string {
  const credentials = toTurnRest(iceServers, ttlSeconds);
  if (credentials === undefined) {
    throw new ConnectError("there is no TURN server", Code.NotFound);
  }
  return JSON.stringify(credentials);
}
