import type { CallRecord } from "../../src/call/call-record.js";
import { Reply } from "../../src/call/reply.js";
import { splitRequestTarget } from "../../src/http/request-target.js";
import { RequestCounts } from "../../src/observability/request-counts.js";
import type { RequestEntry } from "../../src/observability/request-log.js";
import type { Router } from "../../src/protocols/router.js";
import { Readiness } from "../../src/readiness.js";
import { createFakeClient, type FakeClient } from "../http/fake-client.js";

/** The response as a client of a route sees it. */
export interface RoutedCall extends FakeClient {
  readonly record: CallRecord;
  readonly lines: RequestEntry[];
  /** Settles when the call is in the log. */
  readonly logged: Promise<void>;
}

export interface RoutedRequest {
  readonly method?: string;
  /** Called with a function that accepts the next chunk; by default, each is accepted at once. */
  readonly onChunk?: ((take: () => void) => void) | undefined;
}

/** Sends a request without a body to a router, as the port would. */
export function callByRouter(
  router: Router,
  target: string,
  { method = "GET", onChunk }: RoutedRequest = {},
): RoutedCall {
  const { path, query } = splitRequestTarget(target);
  const client = createFakeClient({ method, target, onChunk });
  const lines: RequestEntry[] = [];
  let setLogged = () => {};
  const logged = new Promise<void>((resolve) => {
    setLogged = resolve;
  });
  const records = {
    requestLog: (_: unknown, entry: RequestEntry) => {
      lines.push(entry);
      setLogged();
    },
    requestCounts: new RequestCounts(),
  };
  const reply = new Reply(client.exchange, records, new Readiness());
  const format = router(path)?.choose({ method, mediaType: "", query });
  if (format === undefined) {
    throw new Error(`no route for ${target}`);
  }
  reply.record.protocol = format.protocol;
  format.start(reply, { method, path, query, headers: client.exchange.headers });
  return { ...client, record: reply.record, lines, logged };
}

/** Sends a GET with a unary answer, and returns the answer with the call's record. */
export async function getByRouter(router: Router, target: string) {
  const call = callByRouter(router, target);
  await call.logged;
  const answer = call.answer();
  if (answer === undefined) {
    throw new Error(`no whole answer to ${target}`);
  }
  return { answer, record: call.record };
}
