import { hash } from "node:crypto";
import type { Clock } from "../../clock.js";
import { type IceUrl, parseIceUrl } from "../../ice/ice-url.js";
import type {
  ProbeAccount,
  TurnCredential,
  TurnEntry,
  TurnGrant,
  TurnProvider,
} from "../provider.js";
import type { ManagedEntry } from "./managed-credential.js";
import type { ManagedService } from "./managed-service.js";
import type { DatedCredential, ManagedStates } from "./managed-states.js";

const noUrls: readonly IceUrl[] = [];

/** What was made of a credential. */
interface Held {
  readonly from: DatedCredential;
  readonly urls: readonly IceUrl[];
  readonly grant: TurnGrant;
  readonly version: string;
  /** For a caller who wants a shorter life. */
  shorter: TurnGrant | undefined;
}

/** The TURN servers of a managed service, with the credential that all holders share. */
export class ManagedProvider implements TurnProvider {
  readonly name: string;
  readonly timeoutMs: number;
  readonly probeAccounts: readonly ProbeAccount[];
  readonly #identity: string;
  readonly #states: ManagedStates;
  readonly #clock: Clock;
  #held: Held | undefined;

  constructor({ name, identity, timeoutMs }: ManagedService, states: ManagedStates, clock: Clock) {
    this.name = name;
    this.timeoutMs = timeoutMs;
    this.#identity = identity;
    this.#states = states;
    this.#clock = clock;
    this.probeAccounts = [
      {
        label: name,
        sharedName: name,
        canChooseExpiry: false,
        issue: (_name, _expiresAtSeconds, url) => this.#findCredential(url),
      },
    ];
  }

  /** Whether its first credential may come any moment. */
  get isPending(): boolean {
    return this.#states.find(this.#identity)?.isPending ?? true;
  }

  /** None without a credential that can still be used. */
  get urls(): readonly IceUrl[] {
    return this.#readUsable()?.urls ?? noUrls;
  }

  get version(): string {
    return this.#readUsable()?.version ?? "";
  }

  /** What {@link urls} had a moment ago has a grant, even if its last second has come since. */
  issue(_holder: unknown, expiresAtSeconds: number): TurnGrant | undefined {
    const held = this.#read();
    if (held === undefined || expiresAtSeconds >= held.from.expiresAtSeconds) {
      return held?.grant;
    }
    if (held.shorter?.expiresAtSeconds !== expiresAtSeconds) {
      held.shorter = { ...held.grant, expiresAtSeconds };
    }
    return held.shorter;
  }

  #readUsable(): Held | undefined {
    const held = this.#read();
    return held !== undefined && held.from.usableUntilSeconds * 1000 > this.#clock()
      ? held
      : undefined;
  }

  #read(): Held | undefined {
    const credential = this.#states.find(this.#identity)?.credential;
    if (credential !== undefined && this.#held?.from !== credential) {
      this.#held = hold(credential, this.#held?.urls ?? noUrls);
    }
    return credential && this.#held;
  }

  #findCredential(url: IceUrl): TurnCredential {
    const entry = this.#read()?.grant.entries.find(({ urls }) =>
      urls.some(({ text }) => text === url.text),
    );
    if (entry === undefined) {
      throw new Error(`${this.name} has no credential for ${url.text} at the moment`);
    }
    return entry;
  }
}

/** @param known the URLs before: where nothing changes, the same array and objects are used again */
function hold(from: DatedCredential, known: readonly IceUrl[]): Held {
  const knownByText = new Map(known.map((url) => [url.text, url]));
  const toEntry = ({ urls, ...credential }: ManagedEntry): TurnEntry => ({
    urls: urls.map((text) => knownByText.get(text) ?? parseIceUrl(text)),
    ...credential,
  });
  const [first, ...rest] = from.entries;
  const entries = [toEntry(first), ...rest.map(toEntry)] as const;
  const urls = entries.flatMap((entry) => entry.urls);
  const isSame = urls.length === known.length && urls.every((url, index) => url === known[index]);
  return {
    from,
    urls: isSame ? known : urls,
    grant: { entries, expiresAtSeconds: from.expiresAtSeconds },
    version: hash("sha256", JSON.stringify(from), "base64url"),
    shorter: undefined,
  };
}
