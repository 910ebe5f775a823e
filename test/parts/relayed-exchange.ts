import { fileURLToPath } from "node:url";
import { runPython } from "./python.js";

const script = fileURLToPath(new URL("exchange.py", import.meta.url));

export interface ExchangeServer {
  readonly urls: readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

/**
 * Sends a packet through a relay on loopback to a peer and back, by each URL (`turn:`, over UDP or TCP), with
 * a client that shares no code with ours: Debian's aioice.
 *
 * @returns the URLs that have carried it
 */
export async function exchangeByEach(servers: readonly ExchangeServer[]): Promise<string[]> {
  const carried: string[] = [];
  for (const { urls, username, credential } of servers) {
    for (const url of credential === undefined ? [] : urls) {
      const [, host = "", port, transport = "udp"] =
        /^turn:(.*):(\d+)(?:\?transport=(\w+))?$/.exec(url) ?? [];
      const target = { host, port: Number(port), transport, username, credential };
      const output = await runPython([script], {
        input: JSON.stringify(target),
        timeoutMs: 60_000,
      }).catch((error: unknown) => String(error));
      if (output.trim() === "there and back") {
        carried.push(url);
      }
    }
  }
  return carried;
}
