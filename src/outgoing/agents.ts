import { LRUCache } from "lru-cache";
import {
  Agent,
  type Dispatcher,
  fetch,
  Pool,
  ProxyAgent,
  type RequestInit,
  type Response,
} from "undici";
import type { ForwardProxy } from "./proxies.js";

/** More than there are proxies and files of authorities; those of an earlier configuration go first. */
const maxAgents = 64;
/** A proxy that does not answer a CONNECT is given up after so long, in milliseconds. */
const tunnelTimeoutMs = 10_000;

/** How a server is reached, and who may vouch for it. */
export interface Route {
  /** Absent: directly. */
  readonly proxy: ForwardProxy | undefined;
  /** In PEM. Absent: those that Node trusts. */
  readonly authorities: string | undefined;
}

/** The connections to servers and proxies, apart for each route. */
export class Agents {
  readonly #agents = new LRUCache<string, Dispatcher>({
    max: maxAgents,
    dispose: (agent) => void agent.close(),
  });

  /** As the standard's `fetch`. */
  fetch(url: URL, route: Route, init: RequestInit): Promise<Response> {
    return fetch(url, { ...init, dispatcher: this.#open(route) });
  }

  /** Closes idle connections. Requests under way are finished. */
  close(): void {
    this.#agents.clear();
  }

  #open({ proxy, authorities }: Route): Dispatcher {
    const id = JSON.stringify([proxy, authorities]);
    const known = this.#agents.get(id);
    if (known !== undefined) {
      return known;
    }
    const tls = authorities === undefined ? {} : { ca: authorities };
    const agent = proxy === undefined ? new Agent({ connect: tls }) : openProxy(proxy, tls);
    this.#agents.set(id, agent);
    return agent;
  }
}

/** @param tls for the server behind the proxy */
function openProxy(
  { url, authorization }: ForwardProxy,
  tls: { readonly ca?: string },
): ProxyAgent {
  return new ProxyAgent({
    uri: url,
    ...(authorization !== undefined && { token: authorization }),
    requestTls: tls,
    // A tunnel for https: only: most proxies refuse one to a port other than 443.
    proxyTunnel: false,
    clientFactory: (origin, options) =>
      new Pool(origin, { ...options, headersTimeout: tunnelTimeoutMs }),
  });
}
