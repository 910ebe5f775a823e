import { executionAsyncResource } from "node:async_hooks";
import { nextTick } from "node:process";
import { setFlagsFromString } from "node:v8";

const keptAlive: object[] = [];

/**
 * Keeps V8's code for this process as fast as it was when it was young. To be called, once, by a
 * process that serves.
 *
 * All new objects are made in the young generation. V8 would make those of code whose objects it
 * saw survive in the old one: after a burst of connections, that is the code that sets up a stream,
 * and each HTTP/2 stream would then keep all that its call has made until the old generation is
 * collected.
 *
 * One of the objects that queue a function for `process.nextTick` stays alive. When none does, a
 * collection drops their hidden class. The next one makes another, and V8 never again optimises a
 * literal with computed keys, which this is, once it has seen two: each request would pass a dozen
 * times through V8's runtime, and cost a fifth more.
 */
export function prepareForLongLife(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
  nextTick(() => keptAlive.push(executionAsyncResource()));
}
