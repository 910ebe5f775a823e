import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";

/**
 * Decompresses what a caller sent. Whatever is wrong with it is the caller's mistake; Connect's
 * adapters tell that of some errors only, and call a brotli stream that ends early one of ours.
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
