import type { Registry } from "@bufbuild/protobuf";
import type { Compression } from "@connectrpc/connect/protocol";

/** What the codecs of all methods have in common. */
export interface CodecOptions {
  /** For requests and responses alike, the preferred one first. */
  readonly acceptCompression: Compression[];
  /** The largest request message in bytes, before and after decompression. */
  readonly readMaxBytes: number;
  /** The messages that a google.protobuf.Any may carry in JSON; none by default. */
  readonly jsonOptions?: { readonly registry: Registry };
}
