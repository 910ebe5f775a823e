import type { IceUrl } from "../ice/ice-url.js";
import type { ManagedService } from "./managed/managed-service.js";
import type { TurnProvider } from "./provider.js";

/** The settings that answers are made of. */
export interface IceServerSettings {
  /** In failover order. A single fleet is one region without a name. */
  readonly regions: readonly [IceRegion, ...IceRegion[]];
  /** The region of callers whose region is unknown; empty if the only region has no name. */
  readonly defaultRegion: string;
  readonly life: CredentialLifeSettings;
  /** Managed TURN servers, for all regions. */
  readonly managed?: ManagedSettings;
}

/** Services that provide TURN servers, and when they are used. */
export interface ManagedSettings {
  /** In order of preference; at least one. */
  readonly services: readonly ManagedService[];
  readonly use: ManagedUse;
}

/** `fallback`: only while no own TURN server is up. `always`: after the own ones. */
export type ManagedUse = "fallback" | "always";

/** The servers of one region. */
export interface IceRegion {
  /** Empty for a single fleet. */
  readonly name: string;
  /** The same array in all regions that share them. */
  readonly stunUrls: readonly IceUrl[];
  /** Absent if answers have STUN entries only. */
  readonly turn?: TurnProvider;
  /**
   * How holders are spread over the servers. If absent, everybody gets all URLs in configured order.
   */
  readonly spread?: ServerSpread;
}

/** Each holder has its own order of the TURN servers. */
export interface ServerSpread {
  /** The share of the holders that a host gets, from 1 to 1000, by host key; 1 if absent. */
  readonly weights: ReadonlyMap<string, number>;
  /** How many TURN servers an answer has; 0 means all of the region. */
  readonly serversPerAnswer: number;
}

/** The lifetime of credentials, in all regions. */
export interface CredentialLifeSettings {
  /** The default, and the maximum. */
  readonly ttlSeconds: number;
  /** The shortest that a request can ask for. */
  readonly minTtlSeconds: number;
  /** Whether a credential ends no later than the token of its request. */
  readonly capAtTokenExpiry: boolean;
}
