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
}

/** How long all credentials of a list can be used. */
export interface CredentialLife {
  readonly expiresAtSeconds: number;
  /** What was left of it when the list was made. */
  readonly ttlSeconds: number;
}
