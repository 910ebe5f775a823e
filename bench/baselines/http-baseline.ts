import { createServer, type RequestListener } from "node:http";
import { announceReady } from "./ready-line.js";
import type { HeaderList } from "./settings.js";

/** Serves on a free loopback port with node:http and nothing else. */
export function serveHttp(keepAliveSeconds: number, listener: RequestListener): void {
  // The service drops neither slow nor many requests on one connection here, so nor does this.
  const server = createServer({ keepAliveTimeout: keepAliveSeconds * 1000 }, listener);
  server.listen(0, "127.0.0.1", () => announceReady(server.address()));
}

/** As `writeHead` takes them fastest: names and values in one list, the body's length last. */
export function flattenHeaders(headers: HeaderList, body: string): string[] {
  return [...headers.flat(), "content-length", String(Buffer.byteLength(body))];
}
