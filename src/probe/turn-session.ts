import type { TurnCredential } from "../turn/provider.js";
import {
  type AddressFamily,
  attributeType,
  encodeLifetime,
  encodeRequestedAddressFamily,
  encodeRequestedTransport,
  encodeText,
  readBytes,
  showText,
} from "./attributes.js";
import { errorCode, findErrorCode, readErrorCode, type StunErrorCode } from "./error-code.js";
import { deriveLongTermKey } from "./integrity.js";
import { ProbeError, probeError } from "./probe-failure.js";
import { toCredentialError, toServerError } from "./server-error.js";
import { type StunAttribute, type StunMessage, stunClass, stunMethod } from "./stun-message.js";
import {
  type Exchange,
  runTransaction,
  type StunRequest,
  sendOnce,
  type TransactionContext,
} from "./transaction.js";
import { readAddress, type TransportAddress } from "./transport-address.js";
import { TryAlternateError } from "./try-alternate.js";

/** A server that changes its nonce faster than this never lets anyone in. */
const maxStaleNonces = 3;

/** What the server asks a client to prove itself with (RFC 8489 section 9.2). */
export interface Challenge {
  /** Safe to show. */
  readonly realm: string;
  readonly roundTripMs: number;
}

export interface Allocation {
  readonly relayed: TransportAddress;
  /** Our address as the server sees it; a server that leaves it out breaks RFC 8656 section 7.2. */
  readonly mapped: TransportAddress | undefined;
}

export type RequestAnswer =
  | { readonly accepted: true }
  /** Before its version 5, pion refuses a permission without an error code. */
  | { readonly accepted: false; readonly error: StunErrorCode | undefined };

function toAnswer(response: StunMessage): RequestAnswer {
  return response.class === stunClass.error
    ? { accepted: false, error: findErrorCode(response) }
    : { accepted: true };
}

/** Whether the server has answered with an error. */
function isSaidByServer(error: unknown): boolean {
  return (
    error instanceof TryAlternateError ||
    (error instanceof ProbeError && error.failure.errorCode !== undefined)
  );
}

interface RequestExtras {
  readonly peer?: TransportAddress;
  /** In place of the session's own. */
  readonly signal?: AbortSignal;
}

/** A conversation with a TURN server, on one transport, for one credential. */
export class TurnSession {
  readonly #context: TransactionContext;
  readonly #credential: TurnCredential;
  #realm: Buffer = Buffer.alloc(0);
  #nonce: Buffer = Buffer.alloc(0);

  constructor(context: TransactionContext, credential: TurnCredential) {
    this.#context = context;
    this.#credential = credential;
  }

  /**
   * Asks for a relay without a credential, as every client does first, to learn realm and nonce.
   * @throws ProbeError `no-authentication` when a relay is given; its own causes otherwise
   * @throws TryAlternateError when the server sends its clients elsewhere
   */
  async challenge(): Promise<Challenge> {
    const { response, roundTripMs } = await runTransaction(this.#context, {
      method: stunMethod.allocate,
      attributes: [encodeRequestedTransport()],
    });
    if (response.class === stunClass.success) {
      await this.#giveBackUnasked();
      throw probeError("no-authentication", "the server gives a relay without a credential");
    }
    if (readErrorCode(response).code !== errorCode.unauthorized) {
      throw toServerError(response);
    }
    this.#takeNonce(response);
    return { realm: showText(this.#realm), roundTripMs };
  }

  /**
   * Asks for a relay with the credential (RFC 8656 section 7), after a challenge.
   * @param family what relay to ask for; absent, the server chooses, as with browsers
   * @throws ProbeError `wrong-secret` when the credential is refused
   * @throws TryAlternateError when the server sends its clients elsewhere
   */
  async allocate(family?: AddressFamily): Promise<Allocation> {
    try {
      return await this.#allocate(family);
    } catch (error) {
      // A relay may be there whose announcement was lost, or cannot be used.
      if (!isSaidByServer(error)) {
        this.abandon();
      }
      throw error;
    }
  }

  async #allocate(family: AddressFamily | undefined): Promise<Allocation> {
    const { response } = await this.#request(stunMethod.allocate, [
      encodeRequestedTransport(),
      ...(family === undefined ? [] : [encodeRequestedAddressFamily(family)]),
    ]);
    if (response.class === stunClass.error) {
      throw toCredentialError(response, showText(this.#realm));
    }
    const relayed = readAddress(response, attributeType.xorRelayedAddress);
    // coturn 4.6 reports 0.0.0.0:0 to a client that asks again after a refusal.
    if (relayed === undefined || relayed.port === 0) {
      throw probeError("malformed", "the response has no relayed address");
    }
    return { relayed, mapped: readAddress(response, attributeType.xorMappedAddress) };
  }

  /**
   * Lets an address send through the relay, from any port (RFC 8656 section 9).
   * @param signal ends the request, in place of the session's own
   */
  async permit(peer: TransportAddress, signal: AbortSignal): Promise<RequestAnswer> {
    const { response } = await this.#request(stunMethod.createPermission, [], { peer, signal });
    return toAnswer(response);
  }

  /** Asks for another ten minutes of the relay, as clients do (RFC 8656 section 8). */
  async refresh(): Promise<RequestAnswer> {
    const { response } = await this.#request(stunMethod.refresh, [encodeLifetime(600)]);
    return toAnswer(response);
  }

  /**
   * Gives the relay back: a refresh with a lifetime of 0 (RFC 8656 section 8).
   * @throws ProbeError when that is refused: calls longer than an allocation's life would break then
   */
  async release(): Promise<void> {
    const { response } = await this.#request(stunMethod.refresh, [encodeLifetime(0)]);
    if (response.class === stunClass.error) {
      throw toServerError(response);
    }
  }

  /**
   * Gives the relay back without waiting for an answer: for when there is no time left. The server would
   * keep it for ten minutes, and count it.
   */
  abandon(): void {
    sendOnce(this.#context, this.#sign(stunMethod.refresh, [encodeLifetime(0)]));
  }

  /** Gives back a relay that came without a credential. What becomes of that is of no importance. */
  async #giveBackUnasked(): Promise<void> {
    const release = { method: stunMethod.refresh, attributes: [encodeLifetime(0)] };
    try {
      await runTransaction(this.#context, release);
    } catch (error) {
      if (!(error instanceof ProbeError)) {
        throw error;
      }
    }
  }

  /** Sends a signed request, again with the new nonce where the old one is stale. */
  async #request(
    method: number,
    attributes: readonly StunAttribute[],
    { peer, signal = this.#context.signal }: RequestExtras = {},
  ): Promise<Exchange> {
    const context = { ...this.#context, signal };
    let staleNonces = 0;
    for (;;) {
      const exchange = await runTransaction(context, this.#sign(method, attributes, peer));
      const { response } = exchange;
      const isStale =
        response.class === stunClass.error &&
        findErrorCode(response)?.code === errorCode.staleNonce;
      if (!isStale) {
        return exchange;
      }
      staleNonces += 1;
      if (staleNonces > maxStaleNonces) {
        throw toServerError(response);
      }
      this.#takeNonce(response);
    }
  }

  #sign(
    method: number,
    attributes: readonly StunAttribute[],
    peer?: TransportAddress,
  ): StunRequest {
    const { username, credential } = this.#credential;
    return {
      method,
      ...(peer && { peer }),
      attributes: [
        ...attributes,
        encodeText(attributeType.username, username),
        { type: attributeType.realm, value: this.#realm },
        { type: attributeType.nonce, value: this.#nonce },
      ],
      key: deriveLongTermKey(username, this.#realm, credential),
    };
  }

  #takeNonce(response: StunMessage): void {
    const realm = readBytes(response, attributeType.realm);
    const nonce = readBytes(response, attributeType.nonce);
    if (realm === undefined || nonce === undefined) {
      throw probeError("malformed", "the server asks for a credential without realm and nonce");
    }
    this.#realm = realm;
    this.#nonce = nonce;
  }
}
