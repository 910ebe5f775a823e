import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";

/** Smaller responses are not compressed, because that would cost more than it saves. */
export const compressMinBytes = 1024;

/**
 * Decompresses a request. Every failure is the caller's mistake. Connect's adapters report only some
 * failures that way, and a brotli stream that ends early as an internal error.
 *
 * @throws ConnectError ResourceExhausted beyond `maxBytes`, else InvalidArgument
 */
export async function decompressRequest(
  compression: Compression,
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  try {
    return await compression.decompress(bytes, maxBytes);
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.ResourceExhausted) {
      throw error;
    }
    throw new ConnectError("the message cannot be decompressed", Code.InvalidArgument);
  }
}
