/** The W3C RTCIceServer dictionary. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** Which servers are asked for. */
export interface IceServerRequest {
  /** Empty is the default region. */
  readonly region: string;
  /** 0 is the configured default. */
  readonly ttlSeconds: number;
  /** 0 is no limit. */
  readonly maxUrls: number;
}

export interface IceServerList {
  readonly iceServers: readonly IceServer[];
  /** Whose servers these are; empty where no regions are configured. */
  readonly region: string;
  /** Present with TURN credentials only. */
  readonly credentialLife?: CredentialLife;
  /** Present where the list has TURN servers of a managed service, or should have. */
  readonly managed?: ManagedPart;
}

/** What a list has of a managed service. */
export interface ManagedPart {
  /** The name of the service; undefined when none could give a credential. */
  readonly provider: string | undefined;
  readonly reason: ManagedReason;
}

/**
 * Why: none of the operator's own TURN servers is up (`fallback`), the configuration adds them to
 * each list (`always`), or there are no own ones (`only`).
 */
export const managedReasons = ["fallback", "always", "only"] as const;
export type ManagedReason = (typeof managedReasons)[number];

/** How long all credentials of a list can be used. */
export interface CredentialLife {
  readonly expiresAtSeconds: number;
  /** What was left of it when the list was made. */
  readonly ttlSeconds: number;
}
