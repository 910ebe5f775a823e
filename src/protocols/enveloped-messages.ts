import type { Message } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  type Compression,
  compressedFlag,
  transformSplitEnvelope,
} from "@connectrpc/connect/protocol";
import { markUnreadable, UnreadableMessageError } from "../call/error-fault.js";
import { compressMinBytes, decompressRequest } from "./compression.js";
import type { NegotiatedCompression } from "./content-coding.js";
import { type Envelope, openEnvelope, sealEnvelope } from "./envelope.js";
import type { MessageCodec } from "./message-codec.js";

/** The messages of one call over a protocol that puts each into an envelope, compressed or not. */
export class EnvelopedMessages {
  readonly #codec: MessageCodec;
  readonly #binary: boolean;
  readonly #compression: NegotiatedCompression;
  readonly #brokenCode: Code;

  /** @param brokenCode of a message that cannot be decompressed */
  constructor(
    codec: MessageCodec,
    binary: boolean,
    compression: NegotiatedCompression,
    brokenCode: Code,
  ) {
    this.#codec = codec;
    this.#binary = binary;
    this.#compression = compression;
    this.#brokenCode = brokenCode;
  }

  /** What the messages of the response are compressed with, or null. */
  get responseCompression(): Compression | null {
    return this.#compression.response;
  }

  /** @throws ConnectError (or rejects with it) unless these bytes are one message */
  read(body: Uint8Array): Message | Promise<Message> {
    return this.#open(openEnvelope(body, this.#codec.readMaxBytes));
  }

  /** @throws ConnectError when the bytes are not messages, one behind the other */
  async *readAll(body: AsyncIterable<Uint8Array>): AsyncGenerator<Message> {
    const split = transformSplitEnvelope(this.#codec.readMaxBytes);
    for await (const envelope of markUnreadable(split(body))) {
      yield this.#open(envelope);
    }
  }

  /** The message in its envelope. */
  seal(message: Message): Uint8Array | Promise<Uint8Array> {
    const { response } = this.#compression;
    if (this.#binary && response === null) {
      return this.#codec.sealBinary(message);
    }
    const data = this.#binary
      ? this.#codec.encodeBinary(message)
      : Buffer.from(this.#codec.encodeJson(message));
    return response === null || data.byteLength < compressMinBytes
      ? sealEnvelope(0, data)
      : response.compress(data).then((compressed) => sealEnvelope(compressedFlag, compressed));
  }

  #open({ flags, data }: Envelope): Message | Promise<Message> {
    if ((flags & ~compressedFlag) !== 0) {
      throw new UnreadableMessageError(`unknown envelope flags ${flags}`, Code.InvalidArgument);
    }
    if (flags === 0) {
      return this.#codec.decode(data, this.#binary);
    }
    const { request } = this.#compression;
    if (request === null) {
      throw new UnreadableMessageError(
        "the message is compressed, but no encoding is named",
        Code.Internal,
      );
    }
    const { readMaxBytes } = this.#codec;
    return decompressRequest(request, data, readMaxBytes, this.#brokenCode).then((bytes) =>
      this.#codec.decode(bytes, this.#binary),
    );
  }
}
