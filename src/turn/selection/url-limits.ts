import type { CredentialLife, IceServerList } from "../../ice/ice-server-list.js";
import type { IceUrl } from "../../ice/ice-url.js";
import type { TurnGrant } from "../provider.js";
import { selectUrls } from "./url-budget.js";

/** What a limit leaves of a list of URLs, and the last lists with TURN that were made of it. */
export interface UrlSelection {
  readonly stunOnly: IceServerList;
  readonly turnUrls: readonly IceUrl[];
  /** The same as they are served. */
  readonly turnTexts: readonly string[];
  /** Names all of the above, and what the provider issues for it. */
  readonly version: string;
  last?: GrantedList;
  /** Holders with different lives ask in turn. */
  secondLast?: GrantedList | undefined;
}

/** A list, and the grant that it was made with. */
export interface GrantedList {
  readonly grant: TurnGrant;
  readonly list: IceServerList & { readonly credentialLife: CredentialLife };
}

export interface UrlLimitsOptions {
  /** Empty where no regions are configured. */
  readonly region: string;
  readonly stunUrls: readonly IceUrl[];
  readonly turnUrls: readonly IceUrl[];
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
    this.#all = [...options.stunUrls, ...options.turnUrls];
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
    return {
      stunOnly: { iceServers: stunTexts.map((text) => ({ urls: [text] })), region },
      turnUrls,
      turnTexts,
      version: JSON.stringify([region, stunTexts, turnTexts, version]),
    };
  }
}
