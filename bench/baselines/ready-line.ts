import type { AddressInfo } from "node:net";

/** Says where the server listens, in the words of the service's own log. */
export function announceReady(address: AddressInfo | string | null): void {
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const line = { url: `http://127.0.0.1:${port}`, msg: "ready" };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
