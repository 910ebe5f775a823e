import type { IceServerList } from "./ice-server-list.js";
import type { IceUrl } from "./ice-url.js";
import { selectUrls } from "./url-selection.js";

/** What a limit leaves of a list of URLs, and the last lists with TURN that were made of it. */
export interface UrlSelection {
  readonly stunOnly: IceServerList;
  readonly turnUrls: readonly string[];
  last?: NamedList;
  /** A watch asks for two lists in turn: the one of now, and the one of when it was last sent one. */
  secondLast?: NamedList | undefined;
}

/** A list, and the name that its credential was made for. */
export interface NamedList {
  readonly name: string;
  readonly list: TurnServerList;
}

export type TurnServerList = IceServerList & Required<Pick<IceServerList, "credentialLife">>;

/** One list of URLs, cut to each limit when first asked for. */
export class UrlLimits {
  readonly #region: string;
  readonly #all: readonly IceUrl[];
  readonly #stunUrls: ReadonlySet<IceUrl>;
  /** By limit; at index 0, no limit. */
  readonly #selections: UrlSelection[] = [];

  /** @param region whose URLs these are; empty where no regions are configured */
  constructor(region: string, stunUrls: readonly IceUrl[], turnUrls: readonly IceUrl[]) {
    this.#region = region;
    this.#all = [...stunUrls, ...turnUrls];
    this.#stunUrls = new Set(stunUrls);
  }

  /** @param maxUrls 0 is no limit */
  cut(maxUrls: number): UrlSelection {
    const limit = maxUrls < this.#all.length ? maxUrls : 0;
    this.#selections[limit] ??= this.#select(limit);
    return this.#selections[limit];
  }

  #select(maxUrls: number): UrlSelection {
    const urls = selectUrls(this.#all, maxUrls);
    const isStun = (url: IceUrl) => this.#stunUrls.has(url);
    const stunServers = urls.filter(isStun).map(({ text }) => ({ urls: [text] }));
    return {
      stunOnly: { iceServers: stunServers, region: this.#region },
      turnUrls: urls.filter((url) => !isStun(url)).map(({ text }) => text),
    };
  }
}
