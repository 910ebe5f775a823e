import type { KeyObject } from "node:crypto";
import type { IceUrl } from "./ice-url.js";

/** The W3C RTCIceServer dictionary. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

export interface IceServerRequest {
  /** Empty is the default region. */
  readonly region: string;
  /** 0 is the configured default. */
  readonly ttlSeconds: number;
  /** 0 is no limit. */
  readonly maxUrls: number;
}

/** What naming a credential needs to know of its caller. */
export interface IceServerCaller {
  readonly issuer?: string;
  readonly subject: string;
  readonly expiresAtSeconds?: number;
}

export interface IceServerList {
  readonly iceServers: readonly IceServer[];
  /** Whose servers these are; empty where no regions are configured. */
  readonly region: string;
  /** Present with TURN credentials only. */
  readonly credentialLife?: { readonly expiresAtSeconds: number; readonly ttlSeconds: number };
}

/**
 * Answers a caller with its servers.
 * @param nowMs the instant that the answer is for, in Unix milliseconds; the present by default
 */
export type ListIceServers = (
  caller: IceServerCaller,
  request: IceServerRequest,
  nowMs?: number,
) => IceServerList;

export type TurnIdentity = "static" | "subject" | "pseudonym";

/** A shared secret that the TURN servers are to accept. */
export interface AcceptedSecret {
  /** Where it comes from, as its author wrote it: a file, or a variable. */
  readonly name: string;
  readonly key: KeyObject;
}

export interface TurnSettings {
  /** At least one. */
  readonly urls: readonly IceUrl[];
  /** The shared secret that signs. */
  readonly secret: KeyObject;
  /** Every configured secret, the one that signs first. */
  readonly acceptedSecrets: readonly AcceptedSecret[];
  readonly ttlSeconds: number;
  readonly minTtlSeconds: number;
  readonly identity: TurnIdentity;
  /** The name in usernames when `identity` is `static`. */
  readonly name: string;
  /** Whether a credential ends no later than the token that asked for it. */
  readonly capAtTokenExpiry: boolean;
}

export interface IceServerSettings {
  readonly stunUrls: readonly IceUrl[];
  /** Absent when no TURN server is configured: answers then hold STUN entries only. */
  readonly turn?: TurnSettings;
  /** In place of `turn`. */
  readonly regions?: RegionSettings;
}

export interface RegionSettings {
  /** In the order in which they stand in for one another. */
  readonly list: readonly [IceRegion, ...IceRegion[]];
  /** The region of whoever is in none. */
  readonly defaultRegion: string;
  /** How many TURN servers an answer names; 0 is all of the region. */
  readonly serversPerAnswer: number;
}

/** TURN servers that share a secret, near those who are sent to them. */
export interface IceRegion {
  readonly name: string;
  readonly stunUrls: readonly IceUrl[];
  readonly turn: TurnSettings;
  /** How large a share of the callers a host gets, from 1 to 1000; 1 for one that is not there. */
  readonly weights: ReadonlyMap<string, number>;
}

/** STUN servers, and TURN servers that share their secrets. */
export type IceFleet = Pick<IceServerSettings, "stunUrls" | "turn">;

/** Those of each region, or the one that there is. */
export function listFleets({ stunUrls, turn, regions }: IceServerSettings): readonly IceFleet[] {
  return regions?.list ?? [{ stunUrls, ...(turn && { turn }) }];
}

/** The caller's token has no life left that a credential could share. */
export class CallerExpiredError extends Error {
  override readonly name = "CallerExpiredError";
}
