import type { IceUrl } from "../ice/ice-url.js";
import type { TurnCredential } from "../turn/provider.js";
import type { AddressFamily } from "./attributes.js";
import { bind } from "./binding.js";
import { openTransport } from "./open-transport.js";
import { type ProbeFailure, toFailure } from "./probe-failure.js";
import type { RelayTest } from "./relay-proof.js";
import { type RelayFindings, tryRelay } from "./relay-trial.js";
import { resolveServer, type ServerAddress } from "./server-address.js";
import { runWithin } from "./time-limit.js";
import { printTransportAddress } from "./transport-address.js";
import { followAlternates } from "./try-alternate.js";

export interface ProbeOptions {
  /** For the look-up of a name, and for each try at an address, from its opening to its end; above 0. */
  readonly timeoutMs: number;
  /** Ends the probe; it rejects with the signal's reason then. */
  readonly signal?: AbortSignal | undefined;
  /** Certificates of authorities in PEM that are trusted beside those of Node. */
  readonly extraCa?: string | undefined;
  /** The realm that TURN servers must name. */
  readonly realm?: string | undefined;
  /** Where relays are tested with packets from outside; absent: nowhere. Takes half of the time at most. */
  readonly relayTest?: RelayTest | undefined;
  /** Milliseconds of a clock that never jumps; by default performance.now. */
  readonly now?: (() => number) | undefined;
  /** For transaction ids; by default that of node:crypto. */
  readonly randomBytes?: ((size: number) => Buffer) | undefined;
}

/** What a probe learns on its way. */
interface Findings extends RelayFindings {
  /** Our address as a STUN server sees it. */
  mappedAddress?: string;
  /** The servers that the first one sent us to, one after the other (RFC 8489 section 10). */
  alternates?: readonly ServerAddress[];
}

/** What was learnt of one address, as far as the probe came. */
export interface ProbeResult extends Readonly<Findings> {
  readonly url: IceUrl;
  /** Absent when the host has no address. */
  readonly server?: ServerAddress;
  /** Absent: all is well. */
  readonly failure?: ProbeFailure;
}

/**
 * Does what a client does with a URL, at each address of its host: a Binding for `stun` and `stuns`,
 * for `turn` and `turns` an Allocate that is given back at once, after packets have crossed the relay
 * where `relayTest` wants that. The URL is one that `canProbe`. The look-up counts as a part of each
 * try: a URL whose servers are silent is done with in `timeoutMs`.
 *
 * @param credential for `turn` and `turns`
 * @returns a result for each address, in the resolver's order; one without address when there is none
 * @throws TypeError without a credential where one is needed
 */
export async function probe(
  url: IceUrl,
  credential: TurnCredential | undefined,
  options: ProbeOptions,
): Promise<readonly ProbeResult[]> {
  const { now = () => performance.now() } = options;
  const startedAtMs = now();
  const found = await findServers(url, options);
  if (!Array.isArray(found)) {
    return [{ url, failure: found }];
  }
  // The look-up may have left next to nothing.
  const timeoutMs = Math.max(1, options.timeoutMs - (now() - startedAtMs));
  const rest = { ...options, timeoutMs };
  return Promise.all(found.map((server) => probeAddress(server, credential, rest)));
}

/** The addresses behind a URL, or why there are none. */
export async function findServers(
  url: IceUrl,
  { timeoutMs, signal }: ProbeOptions,
): Promise<ServerAddress[] | ProbeFailure> {
  try {
    return await runWithin(timeoutMs, signal, (either) => resolveServer(url, either));
  } catch (error) {
    return toFailure(error);
  }
}

/** Probes one address, as {@link probe} does each. */
export async function probeAddress(
  server: ServerAddress,
  credential: TurnCredential | undefined,
  options: ProbeOptions,
): Promise<ProbeResult> {
  const result = await tryAddress(server, credential, options);
  if (result.failure?.cause !== "address-family") {
    return result;
  }
  // Browsers name no family, and have failed here; whether there is a relay at all is worth knowing.
  const withoutTest = { ...options, relayTest: undefined };
  const { relayedTransportAddress } = await tryAddress(server, credential, withoutTest, "ipv6");
  return relayedTransportAddress === undefined ? result : { ...result, relayedTransportAddress };
}

async function tryAddress(
  server: ServerAddress,
  credential: TurnCredential | undefined,
  options: ProbeOptions,
  family?: AddressFamily,
): Promise<ProbeResult> {
  const { url } = server;
  const { now = () => performance.now(), randomBytes } = options;
  const endsAtMs = now() + options.timeoutMs;
  const found: Findings = {};
  const visit = async (visited: ServerAddress, signal: AbortSignal) => {
    const transport = await openTransport(visited, { signal, extraCa: options.extraCa });
    const context = { transport, signal, now, randomBytes };
    try {
      if (url.scheme === "stun" || url.scheme === "stuns") {
        Object.assign(found, await bind(context));
      } else if (credential === undefined) {
        throw new TypeError(`${url.text} needs a credential`);
      } else {
        await tryRelay(context, visited, credential, { ...options, family, endsAtMs }, found);
      }
    } finally {
      transport.close();
    }
  };
  const onFollow = (alternate: ServerAddress) => {
    delete found.realm;
    found.alternates = [...(found.alternates ?? []), alternate];
  };
  try {
    await runWithin(options.timeoutMs, options.signal, (signal) =>
      followAlternates(server, (visited) => visit(visited, signal), onFollow),
    );
    return { url, server, ...found };
  } catch (error) {
    return { url, server, ...found, failure: explain(toFailure(error), found) };
  }
}

/** Silence after an answer is another thing than silence, and a failure at an alternate server says so. */
function explain(failure: ProbeFailure, { alternates, realm }: Findings): ProbeFailure {
  const { cause, detail }: ProbeFailure =
    failure.cause === "time-out" && realm !== undefined
      ? {
          cause: "no-answer",
          detail: "the server answered some requests, but not all of them in time",
        }
      : failure;
  const last = alternates?.at(-1);
  const where =
    last === undefined || cause === "redirect-loop"
      ? ""
      : `, at the alternate ${printTransportAddress(last)}`;
  return { ...failure, cause, detail: detail + where };
}
