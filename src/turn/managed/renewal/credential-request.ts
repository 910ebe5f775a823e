import type { Clock } from "../../../clock.js";
import { OutgoingError, type OutgoingHttp } from "../../../outgoing/outgoing-http.js";
import type { ManagedCredential } from "../managed-credential.js";
import { ManagedError } from "../managed-error.js";
import type { ManagedService } from "../managed-service.js";
import { parseRetryAfter } from "./retry-after.js";

/** A list of ICE servers has a few kilobytes at most. */
const maxBytes = 64 * 1024;

/**
 * Asks a service for a credential.
 * @throws ManagedError whatever goes wrong (as a rejection)
 */
export async function requestCredential(
  service: ManagedService,
  outgoing: Pick<OutgoingHttp, "send">,
  clock: Clock,
  signal: AbortSignal,
): Promise<ManagedCredential> {
  const { url, ...request } = service.createRequest();
  const { timeoutMs } = service;
  const answer = await outgoing
    .send(url, { ...request, timeoutMs, maxBytes, signal })
    .catch((error: unknown) => {
      throw error instanceof OutgoingError ? new ManagedError("unreachable", error.message) : error;
    });
  const { status } = answer;
  if (status !== 200 && status !== 201) {
    throw new ManagedError(
      status === 429 ? "rate-limited" : "status",
      `HTTP status ${status}`,
      parseRetryAfter(answer.headers.get("retry-after"), clock()),
    );
  }
  return service.readResponse(parseJson(answer.text));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The error would quote the text.
    throw new ManagedError("malformed", "the response is not JSON");
  }
}
