import { attributeType } from "./attributes.js";
import { probeError } from "./probe-failure.js";
import { toServerError } from "./server-error.js";
import { stunClass, stunMethod } from "./stun-message.js";
import { runTransaction, type TransactionContext } from "./transaction.js";
import { printTransportAddress, readAddress } from "./transport-address.js";

export interface Binding {
  /** Our address as the server sees it, such as `192.0.2.1:50000`. */
  readonly mappedAddress: string;
  readonly roundTripMs: number;
}

/**
 * Asks a STUN server for our address (RFC 8489 section 6).
 * @throws ProbeError; TryAlternateError; MalformedMessageError when the answer's address cannot be read
 */
export async function bind(context: TransactionContext): Promise<Binding> {
  const { response, roundTripMs } = await runTransaction(context, {
    method: stunMethod.binding,
    attributes: [],
  });
  if (response.class === stunClass.error) {
    throw toServerError(response);
  }
  const mappedAddress =
    readAddress(response, attributeType.xorMappedAddress) ??
    readAddress(response, attributeType.mappedAddress);
  if (mappedAddress === undefined) {
    throw probeError("malformed", "the response has no address");
  }
  return { mappedAddress: printTransportAddress(mappedAddress), roundTripMs };
}
