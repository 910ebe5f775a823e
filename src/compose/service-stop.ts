import { setTimeout as sleep } from "node:timers/promises";
import type { TokenVerifiers } from "../authentication/token-verifiers.js";
import type { CallTracer } from "../call/call-tracer.js";
import { StreamEndedError } from "../call/error-fault.js";
import type { StreamCalls } from "../call/stream-calls.js";
import type { QuotaPool } from "../limits/quota-pool.js";
import type { OutgoingHttp } from "../outgoing/outgoing-http.js";
import type { Readiness } from "../readiness.js";
import type { ConnectionRefusals } from "../server/connection-refusals.js";
import type { FailedHandshakes } from "../server/failed-handshakes.js";
import type { PortListener } from "../server/port-listener.js";
import type { Config } from "../service-config.js";

/** What a service has open. */
export interface StoppingParts {
  readonly failedHandshakes: FailedHandshakes;
  readonly outgoing: OutgoingHttp;
  readonly port: PortListener;
  readonly quotaPool: QuotaPool;
  readonly readiness: Readiness;
  readonly refusals: ConnectionRefusals;
  /** As of `CloseOptions` of the port. */
  readonly stopDealing: (() => Promise<void>) | undefined;
  readonly streams: StreamCalls;
  readonly tracer: CallTracer | undefined;
  readonly verifiers: TokenVerifiers;
}

/** How long after the time-out the streams that it ends may take to notify their clients. */
const farewellMs = 1000;
/** What the last spans get to be sent, even when the calls have taken all of the time-out. */
const minSendMs = 1000;

/**
 * Stops a service: not ready, and HTTP/2 clients told to leave; after the delay, no new connections;
 * at the time-out, an end to streams that are still open, and a second later to everything else.
 */
export async function stopService(
  { delaySeconds, timeoutSeconds }: Config["shutdown"],
  parts: StoppingParts,
): Promise<void> {
  const { port, stopDealing, tracer } = parts;
  parts.readiness.set("draining");
  port.drain();
  await sleep(delaySeconds * 1000);
  const timeoutMs = timeoutSeconds * 1000;
  const endsAtMs = performance.now() + timeoutMs;
  const stopping = new StreamEndedError("the server is shutting down");
  const endStreams = setTimeout(() => parts.streams.endAll(stopping), timeoutMs);
  await port.close({ timeoutMs: timeoutMs + farewellMs, stopDealing });
  clearTimeout(endStreams);
  parts.refusals.flush();
  parts.failedHandshakes.flush();
  parts.verifiers.keep();
  parts.outgoing.close();
  parts.quotaPool.use({});
  await tracer?.close(Math.max(minSendMs, endsAtMs - performance.now()));
}
