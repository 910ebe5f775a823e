import { findErrorCode } from "../../errors.js";
import { KeySetError, maxKeySetBytes } from "./key-set.js";

/**
 * Gets the text behind a JWKS URL: status 200 only, no redirects, at most 256 KiB after decompression.
 *
 * @param timeoutMs for the whole answer
 * @param closed gives up early
 * @throws KeySetError with the cause, without the URL
 */
export async function fetchKeySetText(
  url: URL,
  timeoutMs: number,
  closed: AbortSignal,
): Promise<string> {
  const controller = new AbortController();
  const giveUp = () => controller.abort(new KeySetError("closed"));
  const timer = setTimeout(
    () => controller.abort(new KeySetError(`no whole answer within ${timeoutMs} ms`)),
    timeoutMs,
  ).unref();
  closed.addEventListener("abort", giveUp, { once: true });
  if (closed.aborted) {
    giveUp();
  }
  try {
    const response = await fetch(url, {
      headers: { Accept: "application/jwk-set+json, application/json" },
      redirect: "error",
      signal: controller.signal,
    });
    if (response.status !== 200) {
      throw new KeySetError(`HTTP status ${response.status}`);
    }
    return await readText(response);
  } catch (error) {
    throw error instanceof KeySetError ? error : new KeySetError(describeNetworkError(error));
  } finally {
    clearTimeout(timer);
    closed.removeEventListener("abort", giveUp);
    // Lets go of the connection where the body was not read to its end.
    controller.abort();
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxKeySetBytes) {
      throw new KeySetError(`larger than ${maxKeySetBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** `fetch` hides what happened in the cause; its code says it without repeating the URL. */
function describeNetworkError(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return findErrorCode(cause) ?? (cause instanceof Error ? cause.message : "unknown error");
}
