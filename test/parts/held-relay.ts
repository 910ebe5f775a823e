import { parseIceUrl } from "../../src/ice/ice-url.js";
import { openTransport } from "../../src/probe/open-transport.js";
import { findServers } from "../../src/probe/probe.js";
import type { ServerAddress } from "../../src/probe/server-address.js";
import { TurnSession } from "../../src/probe/turn-session.js";
import type { TurnCredential } from "../../src/turn/provider.js";

const timeoutMs = 5_000;

/** Where a URL leads: the first address of its host. */
export async function findServer(text: string): Promise<ServerAddress> {
  const servers = await findServers(parseIceUrl(text), { timeoutMs });
  if (!Array.isArray(servers) || servers[0] === undefined) {
    throw new Error(`${text} has no address`);
  }
  return servers[0];
}

export interface HeldRelay {
  /** Gives the relay back. */
  release(): Promise<void>;
  /** Leaves it to the server, until its life ends. */
  close(): void;
}

/** Asks for a relay over UDP on loopback and keeps it, as a client in a call does, until it is closed. */
export async function holdRelay(port: number, credential: TurnCredential): Promise<HeldRelay> {
  const opening = { signal: AbortSignal.timeout(timeoutMs) };
  const transport = await openTransport(await findServer(`turn:127.0.0.1:${port}`), opening);
  // Each transaction ends by itself.
  const { signal } = new AbortController();
  const session = new TurnSession({ transport, signal }, credential);
  await session.challenge();
  await session.allocate();
  return { release: () => session.release(), close: transport.close };
}
