import { attributeType, readBytes } from "./attributes.js";
import { probeError } from "./probe-failure.js";
import type { ServerAddress } from "./server-address.js";
import { isOwnMachine } from "./special-purpose.js";
import { MalformedMessageError, type StunMessage } from "./stun-message.js";
import { printTransportAddress, readAddress, type TransportAddress } from "./transport-address.js";

/** The server to which a server redirects its clients. */
export interface Alternate {
  readonly address: TransportAddress;
  /** The name for which the alternate's certificate must be valid, if the server gives one. */
  readonly domain?: string;
}

/** The server answers 300 Try Alternate (RFC 8489 section 10). */
export class TryAlternateError extends Error {
  override readonly name = "TryAlternateError";

  constructor(readonly alternate: Alternate) {
    super(`300 Try Alternate: ${printTransportAddress(alternate.address)}`);
  }
}

/** RFC 1123, at most 255 characters (RFC 8489 section 14.16). */
const domainName =
  /^(?=.{1,255}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/**
 * Reads ALTERNATE-SERVER and ALTERNATE-DOMAIN (RFC 8489 sections 14.15 and 14.16).
 *
 * @returns undefined if the message names no alternate
 * @throws MalformedMessageError
 */
export function readAlternate(response: StunMessage): Alternate | undefined {
  const address = readAddress(response, attributeType.alternateServer);
  const domain = readBytes(response, attributeType.alternateDomain)?.toString("latin1");
  if (domain !== undefined && !domainName.test(domain)) {
    throw new MalformedMessageError("its ALTERNATE-DOMAIN is no domain name");
  }
  return address && { address, ...(domain !== undefined && { domain }) };
}

const mostAlternates = 3;

/**
 * Why browsers do not follow an alternate, wherever they come from. One of another family breaks RFC 8489
 * section 14.15; one at a loopback address would have the client talk to itself.
 */
function findFlaw(address: TransportAddress, server: TransportAddress): string | undefined {
  if (address.port === 0) {
    return "has no port";
  }
  if (address.family !== server.family) {
    return "is of another IP family";
  }
  return isOwnMachine(address) && !isOwnMachine(server) ? "is the client's own machine" : undefined;
}

/**
 * Visits a server and, if it redirects, the alternate server, over the same transport with the same
 * credential. Follows at most three, none twice, and none that browsers would not.
 *
 * @param onFollow called with each alternate before it is visited
 * @throws ProbeError `redirect-loop`; whatever the last visit throws
 */
export async function followAlternates<T>(
  server: ServerAddress,
  visit: (server: ServerAddress) => Promise<T>,
  onFollow: (alternate: ServerAddress) => void,
): Promise<T> {
  const visited = [printTransportAddress(server)];
  let next = server;
  for (;;) {
    try {
      return await visit(next);
    } catch (error) {
      if (!(error instanceof TryAlternateError)) {
        throw error;
      }
      const { address, domain } = error.alternate;
      const printed = printTransportAddress(address);
      const flaw = findFlaw(address, server);
      if (flaw !== undefined || visited.includes(printed) || visited.length > mostAlternates) {
        const way = [...visited, printed].join(" → ");
        const why = flaw === undefined ? "" : `, which ${flaw}`;
        throw probeError("redirect-loop", `the servers answer 300 (Try Alternate): ${way}${why}`);
      }
      visited.push(printed);
      next = { ...server, ...address, host: domain ?? server.url.host };
      onFollow(next);
    }
  }
}
