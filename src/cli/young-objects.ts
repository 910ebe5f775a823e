import { setFlagsFromString } from "node:v8";

/**
 * Has V8 make all new objects in its young generation, for the rest of the process. It would make
 * those of code whose objects it saw survive in the old one: after a burst of connections, that is
 * the code that sets up a stream, and each HTTP/2 stream would then keep all that its call has made
 * until the old generation is collected. To be called by a process that serves.
 */
export function keepNewObjectsYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
