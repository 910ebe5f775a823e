import { OutgoingError, type OutgoingHttp } from "../../outgoing/outgoing-http.js";
import { KeySetError, maxKeySetBytes } from "./key-set.js";

/**
 * Gets the text behind a JWKS URL: status 200 only, at most 256 KiB after decompression.
 *
 * @param timeoutMs for the whole answer
 * @param closed gives up early
 * @throws KeySetError with the cause, without the URL
 */
export async function fetchKeySetText(
  outgoing: OutgoingHttp,
  url: URL,
  timeoutMs: number,
  closed: AbortSignal,
): Promise<string> {
  const headers = { Accept: "application/jwk-set+json, application/json" };
  const request = { headers, timeoutMs, maxBytes: maxKeySetBytes, signal: closed };
  try {
    const { status, text } = await outgoing.send(url, request);
    if (status !== 200) {
      throw new KeySetError(`HTTP status ${status}`);
    }
    return text;
  } catch (error) {
    throw error instanceof OutgoingError ? new KeySetError(error.message) : error;
  }
}
