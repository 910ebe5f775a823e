import type { IceUrl } from "../ice/ice-url.js";
import type { ManagedService } from "./managed/managed-service.js";
import type { TurnProvider } from "./provider.js";

/** All that answers are made of. */
export interface IceServerSettings {
  /** In the order in which they replace one another. A single fleet is one region without a name. */
  readonly regions: readonly [IceRegion, ...IceRegion[]];
  /** The region of callers without any other; the empty text where there is one without a name. */
  readonly defaultRegion: string;
  readonly life: CredentialLifeSettings;
  /** TURN servers of others, for all regions. */
  readonly managed?: ManagedSettings;
}

/** Services that hand out TURN servers, and when they are used. */
export interface ManagedSettings {
  /** In order of preference; at least one. */
  readonly services: readonly ManagedService[];
  readonly use: ManagedUse;
}

/** `fallback`: only while none of the own TURN servers is up. `always`: after the own ones. */
export type ManagedUse = "fallback" | "always";

/** Servers near those who are sent to them. */
export interface IceRegion {
  /** Empty for a single fleet. */
  readonly name: string;
  /** The same array in all regions that share them. */
  readonly stunUrls: readonly IceUrl[];
  /** Absent: answers have STUN entries only. */
  readonly turn?: TurnProvider;
  /** How holders are spread over the servers; absent: everybody gets all URLs in configured order. */
  readonly spread?: ServerSpread;
}

/** Each holder has its own order of the TURN servers. */
export interface ServerSpread {
  /** How large a share of the holders a host gets, from 1 to 1000, by host key; 1 if it is not there. */
  readonly weights: ReadonlyMap<string, number>;
  /** How many TURN servers an answer names; 0 is all of the region. */
  readonly serversPerAnswer: number;
}

/** How long credentials live, in all regions. */
export interface CredentialLifeSettings {
  /** The default, and the longest. */
  readonly ttlSeconds: number;
  /** The shortest that can be asked for. */
  readonly minTtlSeconds: number;
  /** Whether a credential ends no later than the token that asked for it. */
  readonly capAtTokenExpiry: boolean;
}
