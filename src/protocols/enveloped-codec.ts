import type { Message } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { ResponseMetadata } from "../call/codec.js";
import type { HttpHeaders } from "../http/http-message.js";
import { envelopeHeadBytes } from "./envelope.js";
import type { EnvelopedMessages } from "./enveloped-messages.js";

/** What the headers of a request say, in a protocol that puts each message into an envelope. */
export interface EnvelopedHead {
  /** Whether messages are protobuf, not JSON. */
  readonly binary: boolean;
  readonly messages: EnvelopedMessages;
  readonly timeoutMs: number | undefined;
  readonly problem: ConnectError | undefined;
}

/** What the codecs of gRPC, gRPC-Web, and Connect streams have in common. */
export abstract class EnvelopedCodec {
  readonly keepAlive = undefined;
  readonly readMaxBytes: number;
  readonly timeoutMs: number | undefined;
  readonly problem: ConnectError | undefined;
  protected readonly contentType: string;
  readonly #messages: EnvelopedMessages;
  readonly #encodingHeader: string;

  /** @param encodingHeader names the compression of messages, in lower case */
  constructor(
    { messages, timeoutMs, problem }: EnvelopedHead,
    readMaxBytes: number,
    contentType: string,
    encodingHeader: string,
  ) {
    this.readMaxBytes = readMaxBytes;
    this.timeoutMs = timeoutMs;
    this.problem = problem;
    this.contentType = contentType;
    this.#messages = messages;
    this.#encodingHeader = encodingHeader;
  }

  get maxBodyBytes(): number {
    return envelopeHeadBytes + this.readMaxBytes;
  }

  decode(body: Uint8Array): Message | Promise<Message> {
    return this.#messages.read(body);
  }

  decodeAll(body: AsyncIterable<Uint8Array>): AsyncIterable<Message> {
    return this.#messages.readAll(body);
  }

  encode(message: Message): Uint8Array | Promise<Uint8Array> {
    return this.#messages.seal(message);
  }

  begin(metadata: ResponseMetadata): HttpHeaders {
    const headers: HttpHeaders = { "content-type": this.contentType };
    const { responseCompression } = this.#messages;
    if (responseCompression !== null) {
      headers[this.#encodingHeader] = responseCompression.name;
    }
    metadata.addResponseHeaders(headers);
    return headers;
  }
}
