import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { UnreadableMessageError } from "../call/error-fault.js";

/** Smaller responses are not compressed, because that would cost more than it saves. */
export const compressMinBytes = 1024;

/**
 * Decompresses a request. Every failure is the caller's mistake. Connect's adapters report only some
 * failures that way, and a brotli stream that ends early as an internal error.
 *
 * @param brokenCode what the protocol calls bytes that cannot be decompressed
 * @throws ConnectError ResourceExhausted beyond `maxBytes`, else with `brokenCode`
 */
export async function decompressRequest(
  compression: Compression,
  bytes: Uint8Array,
  maxBytes: number,
  brokenCode: Code,
): Promise<Uint8Array> {
  try {
    return await compression.decompress(bytes, maxBytes);
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.ResourceExhausted) {
      throw error;
    }
    throw new UnreadableMessageError("the message cannot be decompressed", brokenCode);
  }
}
