import { createContextValues } from "@connectrpc/connect";
import { type CallRecord, callRecordKey } from "../../src/rpc/call-record.js";
import { RequestHeaders } from "../../src/rpc/request-headers.js";
import { splitRequestTarget } from "../../src/rpc/request-target.js";
import type { Router } from "../../src/rpc/router.js";
import type { HttpAnswer } from "../../src/rpc/unary/http-message.js";

/** Sends a GET to a router, as the port would, and returns the answer with the call's record. */
export async function getByRouter(router: Router, target: string) {
  const { path, query } = splitRequestTarget(target);
  const record: CallRecord = { protocol: "rest" };
  const route = router(path);
  if (route?.kind !== "unary") {
    throw new Error(`no unary route for ${path}`);
  }
  const handler = route.choose({ method: "GET", contentType: "", query });
  const answer: HttpAnswer | undefined = await handler?.handle({
    method: "GET",
    arrivedAtMs: performance.now(),
    path,
    query,
    headers: new RequestHeaders([]),
    body: new Uint8Array(),
    contextValues: createContextValues().set(callRecordKey, record),
    client: { isGone: () => false, onGone() {} },
  });
  return { answer, record };
}
