import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { createRateLimitPrinter } from "./rate-limit-field.js";
import { announceReady } from "./ready-line.js";
import type { HeaderList } from "./settings.js";

/** Serves on a free loopback port with node:http and nothing else. */
export function serveHttp(keepAliveSeconds: number, listener: RequestListener): void {
  // The service drops neither slow nor many requests on one connection here, so nor does this.
  const server = createServer({ keepAliveTimeout: keepAliveSeconds * 1000 }, listener);
  server.listen(0, "127.0.0.1", () => announceReady(server.address()));
}

/** Sends it as `writeHead` takes it fastest: names and values of the headers in one list. */
export function createJsonResponder(
  headers: HeaderList,
): (response: ServerResponse, body: string) => void {
  const flat = headers.filter(([name]) => name !== "ratelimit").flat();
  const printRateLimit = createRateLimitPrinter(headers);
  return (response, body) => {
    const fields = [...flat, "content-length", String(Buffer.byteLength(body))];
    if (printRateLimit !== undefined) {
      fields.push("ratelimit", printRateLimit());
    }
    response.writeHead(200, fields);
    response.end(body);
  };
}
