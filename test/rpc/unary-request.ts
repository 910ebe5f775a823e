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
  const handler = router(path)?.choose({ method: "GET", mediaType: "", query });
  if (handler?.isStream !== false) {
    throw new Error(`no unary route for ${path}`);
  }
  const request = {
    method: "GET",
    arrivedAtMs: performance.now(),
    path,
    query,
    headers: new RequestHeaders([]),
    contextValues: createContextValues().set(callRecordKey, record),
    client: { isGone: () => false, onGone() {} },
  };
  const answer: HttpAnswer = await handler.handle(request, new Uint8Array());
  return { answer, record };
}
