import type { CredentialLife, IceServerList, ManagedPart } from "../../ice/ice-server-list.js";
import type { IceUrl } from "../../ice/ice-url.js";
import type { TurnGrant } from "../provider.js";
import { selectUrls } from "./url-budget.js";

/** What a limit leaves of a list of URLs, and the last lists with TURN that were made of it. */
export interface UrlSelection {
  readonly stunOnly: IceServerList;
  readonly turnUrls: readonly IceUrl[];
  /** The same as they are served. */
  readonly turnTexts: readonly string[];
  /** What is of a managed service. */
  readonly managed: ManagedPart | undefined;
  /** Names all of the above, and what the provider issues for it. */
  readonly version: string;
  last?: GrantedList;
  /** Holders with different lives ask in turn. */
  secondLast?: GrantedList | undefined;
}

/** A list, and the grant that it was made with. */
export interface GrantedList {
  readonly grant: TurnGrant;
  /** The instant that the list is for. */
  readonly atSeconds: number;
  readonly list: IceServerList & { readonly credentialLife: CredentialLife };
}

export interface UrlLimitsOptions {
  /** Empty where no regions are configured. */
  readonly region: string;
  readonly stunUrls: readonly IceUrl[];
  readonly turnUrls: readonly IceUrl[];
  /** Those that follow; undefined where no managed service is wanted. */
  readonly managed?: (ManagedPart & { readonly urls: readonly IceUrl[] }) | undefined;
  /** The provider's. */
  readonly version: string;
}

/** One list of URLs, cut to each limit when first asked for. */
export class UrlLimits {
  readonly #options: UrlLimitsOptions;
  readonly #all: readonly IceUrl[];
  /** By limit; at index 0, no limit. */
  readonly #selections: UrlSelection[] = [];

  constructor(options: UrlLimitsOptions) {
    this.#options = options;
    const { stunUrls, turnUrls, managed } = options;
    this.#all = [...stunUrls, ...turnUrls, ...(managed?.urls ?? [])];
  }

  /** @param maxUrls 0 is no limit */
  cut(maxUrls: number): UrlSelection {
    const limit = maxUrls < this.#all.length ? maxUrls : 0;
    this.#selections[limit] ??= this.#select(limit);
    return this.#selections[limit];
  }

  #select(maxUrls: number): UrlSelection {
    const { region, stunUrls, version } = this.#options;
    const kept = selectUrls(this.#all, maxUrls);
    const stun = new Set(stunUrls);
    const turnUrls = kept.filter((url) => !stun.has(url));
    const turnTexts = turnUrls.map(({ text }) => text);
    const stunTexts = kept.filter((url) => stun.has(url)).map(({ text }) => text);
    const managed = describeManaged(this.#options, turnUrls);
    const iceServers = stunTexts.map((text) => ({ urls: [text] }));
    return {
      stunOnly: { iceServers, region, ...(managed && { managed }) },
      turnUrls,
      turnTexts,
      managed,
      version: JSON.stringify([region, stunTexts, turnTexts, version]),
    };
  }
}

/** Undefined where the limit has left none of its URLs. */
function describeManaged(
  { managed }: UrlLimitsOptions,
  kept: readonly IceUrl[],
): ManagedPart | undefined {
  if (managed === undefined) {
    return undefined;
  }
  const { urls, provider, reason } = managed;
  const isLeftOut = urls.length > 0 && !urls.some((url) => kept.includes(url));
  return isLeftOut ? undefined : { provider, reason };
}
